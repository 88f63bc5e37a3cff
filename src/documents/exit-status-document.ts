import type { ExitStatus } from "../events/event.ts";
import type { ExitStatusDocument } from "./exit-schemas.ts";

/** Converts an exit status to `exit_status` and `term_signal`. One of them is `null`; both are while the process is running. */
export function toExitStatusDocument(status: ExitStatus | undefined): ExitStatusDocument {
  return {
    exit_status: status !== undefined && "exitCode" in status ? status.exitCode : null,
    term_signal: status !== undefined && "signal" in status ? status.signal : null,
  };
}
