import type { ExitStatus } from "../events/event.ts";
import type { ExitStatusDocument } from "./document-schemas.ts";

/** How a process ended, as every answer and event says it: one of both is `null`, both while it runs. */
export function toExitStatusDocument(status: ExitStatus | undefined): ExitStatusDocument {
  return {
    exit_status: status !== undefined && "exitCode" in status ? status.exitCode : null,
    term_signal: status !== undefined && "signal" in status ? status.signal : null,
  };
}
