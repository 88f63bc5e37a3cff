import type { ExitStatus } from "../events/event.ts";

/** How a process ended, as every answer and event says it: one of both is `null`, both while it runs. */
export interface ExitStatusDocument {
  readonly exit_status: number | null;
  /** `"SIGTERM"`. */
  readonly term_signal: string | null;
}

export function toExitStatusDocument(status: ExitStatus | undefined): ExitStatusDocument {
  return {
    exit_status: status !== undefined && "exitCode" in status ? status.exitCode : null,
    term_signal: status !== undefined && "signal" in status ? status.signal : null,
  };
}
