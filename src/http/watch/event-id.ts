import type { EventBus } from "../../events/bus.ts";
import type { EventStart } from "../../events/event-reader.ts";
import { bootId } from "../../boot.ts";
import { invalidIdError, wasSentBefore } from "../feed/stream-id.ts";

/** `r5k2x-2s`: the run of the daemon, and the sequence number of an event. */
export function formatEventId(sequence: number): string {
  return `${bootId}-${sequence.toString(36)}`;
}

/** Where a client with this id resumes. Throws `bad_value` if gafferd cannot have sent the id. */
export function parseEventId(id: string, bus: EventBus): EventStart {
  const [, run, digits = ""] = /^(r[0-9a-z]+)-([0-9a-z]+)$/.exec(id) ?? [];
  const sequence = Number.parseInt(digits, 36);
  if (run === bootId && sequence <= bus.head) return { kind: "after", sequence };
  if (run !== bootId && wasSentBefore(id)) return { kind: "restart" };
  throw invalidIdError(id, "/watch");
}
