import { createClient, type EventDocument } from "gafferd/client";
import { render } from "preact";
import { Announcer } from "./announce.tsx";
import { App } from "./app.tsx";
import { formatExit } from "./format.ts";
import { Live } from "./live.ts";

/** Two folders up from `/_plugin/dashboard/`, wherever a proxy put that. */
const url = new URL("../..", location.href).href.replace(/\/$/, "");
/** What a person would want to hear of, without what leads to it. */
const told: ReadonlySet<EventDocument["event"]> = new Set(["create", "delete", "start", "stop", "flap", "exit"]);
const announcer = new Announcer();
const live = new Live(createClient(url), (event) => {
  if (told.has(event.event)) announcer.say(sentenceOf(event));
});

function sentenceOf(event: EventDocument): string {
  if (event.event !== "exit") return `${event.name}: ${event.event}`;
  return `${event.name}: process ${event.pid} ended with ${formatExit({ exit_status: null, term_signal: null, ...event })}`;
}

const element = document.getElementById("app");
if (element !== null) render(<App live={live} announcer={announcer} url={url} />, element);
