import type { DetailDocument, ExitDocument } from "gafferd/client";

/** A run, as far as the tools need it. */
export interface RunDocument {
  readonly id: string;
  readonly pid: number | null;
  readonly state: "running" | "exited" | "lost";
  readonly exit_status: number | null;
  readonly term_signal: string | null;
  readonly ended_by: string | null;
  readonly reason: string | null;
  readonly started_at: string | null;
  readonly exited_at: string | null;
  readonly output: Readonly<Record<string, RunOutput>>;
}

/** Head and tail of one output of a run. */
export interface RunOutput {
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly omitted: number;
  readonly next: string | null;
}

/** `exited with status 3 after 0.2 s, ended by itself` */
export function describeRun(document: Omit<RunDocument, "output">): string {
  const { state, pid, reason, started_at: startedAt, exited_at: exitedAt, ended_by: endedBy } = document;
  if (state === "lost") return `lost: ${reason}`;
  if (state === "running") return `running as pid ${pid} since ${startedAt}`;
  return `${describeExit(document)}${durationOf(startedAt, exitedAt)}, ended by ${endedBy}`;
}

/** `exited with status 3`, `terminated by SIGKILL` */
export function describeExit({ exit_status: status, term_signal: signal }: Exit): string {
  return signal === null ? `exited with status ${status}` : `terminated by ${signal}`;
}

type Exit = Pick<ExitDocument, "exit_status" | "term_signal">;

/** `web: running, 2 of 2 processes (pids 3, 4)` */
export function describeTemplate({ name, status, processes }: DetailDocument): string {
  const pids = processes.length === 0 ? "" : ` (pids ${processes.map(({ pid }) => pid).join(", ")})`;
  const reason = status.reason === null ? "" : `: ${status.reason}`;
  return `${name}: ${status.state}, ${status.running} of ${status.numprocesses} processes${pids}${reason}`;
}

function durationOf(startedAt: string | null, exitedAt: string | null): string {
  if (startedAt === null || exitedAt === null) return "";
  return ` after ${((Date.parse(exitedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}
