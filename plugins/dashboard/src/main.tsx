import { createClient, type EventDocument } from "gafferd/client";
import { render } from "preact";
import { Announcer } from "./announce.tsx";
import { App } from "./app.tsx";
import { formatExit } from "./format.ts";
import { Live } from "./state/live.ts";

/** The URL of the API: two levels above `/_plugin/dashboard/`, also behind a proxy that adds a path. */
const url = new URL("../..", location.href).href.replace(/\/$/, "");
/** The events that are announced to screen readers. */
const announced: ReadonlySet<EventDocument["event"]> = new Set(["create", "delete", "start", "stop", "flap", "exit"]);
const announcer = new Announcer();
const live = new Live(createClient(url), (event) => {
  if (announced.has(event.event)) announcer.say(sentenceOf(event));
});

function sentenceOf(event: EventDocument): string {
  if (event.event !== "exit") return `${event.name}: ${event.event}`;
  return `${event.name}: process ${event.pid} exited with ${formatExit({ exit_status: null, term_signal: null, ...event })}`;
}

const element = document.getElementById("app");
if (element !== null) render(<App live={live} announcer={announcer} url={url} />, element);
