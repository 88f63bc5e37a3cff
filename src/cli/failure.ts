import { messageOf } from "../reason.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { printable } from "../log/printable.ts";
import { type ExitCode, exitStatus } from "./exit-status.ts";
import { findListener } from "./listener.ts";
import { LogFileError } from "./log/log-file.ts";
import { UsageError } from "./check-words.ts";
import { PidfileError } from "./pidfile.ts";

/** gafferd stopped because a template was given up. The message says which one and why. */
export class GaveUpError extends Error {}

/** Why gafferd exits, if not because of a signal. */
export interface Failure {
  readonly status: ExitCode;
  /** Whole lines for stderr. */
  readonly text: string;
}

/** The exit status and the message for an error that ends gafferd. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return toFailure("usage", [`gafferd: ${error.message}`, "See `gafferd --help`."]);
  if (error instanceof GaveUpError) return toFailure("gaveUp", [`gafferd: ${error.message}`]);
  if (error instanceof ConfigError) return toFailure("usage", describeProblems(error));
  return toFailure("couldNotStart", describeStartError(error));
}

function toFailure(status: keyof typeof exitStatus, lines: readonly string[]): Failure {
  return { status: exitStatus[status], text: lines.map((line) => `${printable(line)}\n`).join("") };
}

function describeProblems({ problems }: ConfigError): string[] {
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  return [...problems.map(formatProblem), `gafferd: cannot use this configuration: ${count}, nothing was started`];
}

function describeStartError(error: unknown): string[] {
  const message = messageOf(error);
  const isExpected = error instanceof GafferdError || error instanceof PidfileError || error instanceof LogFileError;
  // An unexpected error is shown with its stack, for a bug report.
  return [`gafferd: ${message}`, ...(isExpected ? adviseOnPort(error) : stackOf(error))];
}

/** Which process uses the TCP port, and how to choose another one. */
function adviseOnPort(error: Error): string[] {
  const [, port] = /:(\d{1,5})(?= |$)/.exec(error.message) ?? [];
  if (port === undefined || !isAddressInUse(error)) return [];
  const listener = findListener(Number(port));
  const holder =
    listener === undefined ? [] : [`Port ${port} is used by process ${listener.osPid}: ${listener.commandLine}`];
  return [...holder, "To use another port: gafferd --bind=127.0.0.1:5001"];
}

function isAddressInUse({ cause }: Error): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
}

function stackOf(error: unknown): string[] {
  return error instanceof Error ? (error.stack ?? "").split("\n").slice(1) : [];
}
