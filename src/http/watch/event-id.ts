import { bootId } from "../../boot.ts";
import type { EventBus } from "../../events/bus.ts";
import type { EventPosition } from "../../events/event-archive.ts";
import type { EventStart } from "../../events/event-reader.ts";
import { invalidIdError, wasSentBefore } from "../feed/stream-id.ts";

/** `r5k2x-2s`: the run of the daemon, and the sequence number of an event. */
export function formatEventId({ boot, sequence }: EventPosition): string {
  return `${boot}-${sequence.toString(36)}`;
}

/** Where a client with this id resumes. Throws `bad_value` if gafferd cannot have sent the id. */
export function parseEventId(id: string, bus: EventBus): EventStart {
  const [, boot = "", digits = ""] = /^(r[0-9a-z]+)-([0-9a-z]+)$/.exec(id) ?? [];
  const sequence = Number.parseInt(digits, 36);
  if (boot === bootId && sequence <= bus.head) return { kind: "after", sequence };
  // An id of another kind of stream names no event: it is before all that are kept.
  if (boot !== bootId && wasSentBefore(id))
    return { kind: "after", boot, sequence: Number.isSafeInteger(sequence) ? sequence : 0 };
  throw invalidIdError(id, "/watch");
}
