import type { GafferdEvent } from "../events/event.ts";
import { type ExitStatusDocument, toExitStatusDocument } from "./exit-status-document.ts";

/** An event as clients see it, on every feed. */
export interface EventDocument {
  readonly event: GafferdEvent["type"];
  /** The template's. */
  readonly name: string;
  /** Ours; of events about a process, as are `os_pid` and `detached`. */
  readonly pid?: number;
  readonly os_pid?: number;
  readonly detached?: boolean;
  /** Of `exit`, as is `term_signal`. */
  readonly exit_status?: ExitStatusDocument["exit_status"];
  readonly term_signal?: ExitStatusDocument["term_signal"];
  /** Of `flap`: when it is tried again (RFC 3339); null when it was given up. */
  readonly retry_at?: string | null;
  /** RFC 3339. */
  readonly time: string;
}

export function toEventDocument(event: GafferdEvent): EventDocument {
  return {
    event: event.type,
    name: event.name,
    ...("id" in event ? { pid: event.id, os_pid: event.osPid, detached: event.detached } : {}),
    ...("status" in event ? toExitStatusDocument(event.status) : {}),
    ...(event.type === "flap"
      ? { retry_at: event.retryAtMs === undefined ? null : new Date(event.retryAtMs).toISOString() }
      : {}),
    time: new Date(event.timeMs).toISOString(),
  };
}
