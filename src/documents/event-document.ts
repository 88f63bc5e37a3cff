import type { GafferdEvent } from "../events/event.ts";
import type { EventDocument } from "./document-schemas.ts";
import { toExitStatusDocument } from "./exit-status-document.ts";
import { reportAddressOf } from "./report-address.ts";
import { toTime, toTimeOrNull } from "./time.ts";

export type { EventDocument };

/** Converts an event to the JSON that all feeds and webhooks send. `boot` is the run of gafferd that published it; default: this one. */
export function toEventDocument(event: GafferdEvent, boot?: string): EventDocument {
  return {
    event: event.type,
    name: event.name,
    ...("id" in event ? { pid: event.id, os_pid: event.osPid, slot: event.slot, detached: event.detached } : {}),
    ...("status" in event
      ? { ...toExitStatusDocument(event.status), report: reportAddressOf({ name: event.name, pid: event.id, boot }) }
      : {}),
    ...(event.type === "flap" ? { retry_at: toTimeOrNull(event.retryAtMs) } : {}),
    ...(event.type === "lease_end" ? { owner: event.owner } : {}),
    time: toTime(event.timeMs),
    seq: event.sequence,
  };
}
