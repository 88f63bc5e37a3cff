import { GafferdError } from "../../errors.ts";
import type { EventBus } from "../../events/bus.ts";
import type { EventStart } from "../../events/event-reader.ts";
import { runId } from "../feed/stream-id.ts";

/** `r5k2x-2s`: the run of the daemon, and the sequence of an event. */
export function formatEventId(sequence: number): string {
  return `${runId}-${sequence.toString(36)}`;
}

/** Throws `bad_value` for what this program never sent. */
export function parseEventId(id: string, bus: EventBus): EventStart {
  const [, run, digits = ""] = /^(r[0-9a-z]+)-([0-9a-z]+)$/.exec(id) ?? [];
  const sequence = Number.parseInt(digits, 36);
  if (run === undefined || (run === runId && sequence > bus.head)) {
    const reason = `\`${id.slice(0, 80)}\` is not an id of an event; pass one exactly as /watch sent it`;
    throw new GafferdError("bad_value", reason, { field: "since" });
  }
  return run === runId ? { kind: "after", sequence } : { kind: "restart" };
}
