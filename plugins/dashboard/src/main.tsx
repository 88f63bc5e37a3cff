import { createClient, type EventDocument } from "gafferd/client";
import { render } from "preact";
import { Announcer } from "./announce.tsx";
import { App } from "./app.tsx";
import { formatExit } from "./format.ts";
import { Live } from "./live.ts";

/** Two folders up from `/_plugin/dashboard/`, wherever a proxy put that. */
const url = new URL("../..", location.href).href.replace(/\/$/, "");
const announcer = new Announcer();
const live = new Live(createClient(url), (event) => announcer.say(sentenceOf(event)));

function sentenceOf(event: EventDocument): string {
  if (event.event !== "exit") return `${event.name}: ${event.event}`;
  return `${event.name}: process ${event.pid} ended with ${formatExit({ exit_status: null, term_signal: null, ...event })}`;
}

const element = document.getElementById("app");
if (element !== null) render(<App live={live} announcer={announcer} url={url} />, element);
