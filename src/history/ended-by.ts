import type { Actor } from "../actor.ts";
import type { endCauses } from "../documents/exit-schemas.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import { describeExit } from "../supervisor/describe-exit.ts";
import type { SentSignal, StopReason, StopRequest } from "../supervisor/supervised-process.ts";
import { parseSignal } from "../template/signals.ts";

/** What ended a process; the schema of the report describes each cause. */
export type EndCause = (typeof endCauses)[number];

export interface EndFacts {
  readonly status: ExitStatus;
  readonly ranMs: number;
  /** Undefined if gafferd did not stop it. */
  readonly request: StopRequest | undefined;
  /** Whether it was stopped because gafferd stops. */
  readonly isShutdown: boolean;
  /** The last signal that a caller sent to it. */
  readonly sent: SentSignal | undefined;
  readonly stopSignal: string;
  /** Whether the kernel counted a process that it killed because memory was short. */
  readonly outOfMemory: "no" | "in its cgroup" | "somewhere" | "unknown";
}

export interface EndedBy {
  readonly cause: EndCause;
  readonly by: Actor | undefined;
  /** A sentence without a period. */
  readonly message: string;
}

/** Signals that the kernel sends to a process for what it does, or that it raises itself. */
const crashes = ["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGPIPE", "SIGSEGV", "SIGSYS", "SIGTRAP"];

/** The limits whose excess is a signal. */
const limits: Readonly<Record<string, string>> = { SIGXCPU: "rlimit_cpu", SIGXFSZ: "rlimit_fsize" };

const causes: Readonly<Record<StopReason, readonly [EndCause, string]>> = {
  stop: ["stop", "it was stopped"],
  restart: ["restart", "it was replaced"],
  reap: ["scale_down", "its template was scaled down"],
  flapping: ["flapping", "its template exited too often"],
  "given-up": ["given_up", "its template was given up"],
};

/** Decides who or what ended a process. A request to stop it wins over all else. */
export function decideEndedBy(facts: EndFacts): EndedBy {
  const { status, ranMs, request, isShutdown, sent, stopSignal } = facts;
  const what = describeExit(status, ranMs);
  const signal = "signal" in status ? status.signal : undefined;
  if (request !== undefined) {
    const [cause, why] = isShutdown ? (["shutdown", "gafferd stopped"] as const) : causes[request.reason];
    const by = isShutdown ? undefined : request.by;
    const isForced = signal === "SIGKILL" && !isShutdown && parseSignal(stopSignal).name !== signal;
    const forced = isForced ? ", and did not exit within `graceful_timeout`" : "";
    return { cause, by, message: `${what}: ${why}${describeActor(by)}${forced}` };
  }
  if (signal === undefined) return { cause: "itself", by: undefined, message: what };
  if (sent !== undefined && parseSignal(sent.number).name === signal) {
    const message = `${what}, which was sent through gafferd${describeActor(sent.by)}`;
    return { cause: "signal", by: sent.by, message };
  }
  return { by: undefined, ...decideSignal(what, signal, facts) };
}

function decideSignal(what: string, signal: string, { outOfMemory }: EndFacts): Omit<EndedBy, "by"> {
  const limit = limits[signal];
  if (limit !== undefined) return { cause: "limit", message: `${what}: it exceeded \`${limit}\`` };
  if (crashes.includes(signal)) return { cause: "itself", message: `${what}: it crashed` };
  if (signal !== "SIGKILL" || outOfMemory === "no" || outOfMemory === "unknown") {
    return { cause: "signal", message: `${what}, which did not come from gafferd` };
  }
  if (outOfMemory === "in its cgroup") {
    return { cause: "out_of_memory", message: `${what}: the kernel killed it because memory was short` };
  }
  const hint = "the kernel killed a process of this machine for memory at that time";
  return { cause: "signal", message: `${what}, which did not come from gafferd; ${hint}` };
}

/** ` by plugin cron`; empty if it is not known. */
function describeActor(by: Actor | undefined): string {
  if (by === undefined) return "";
  if (by === "http") return " over HTTP";
  return by === "reload" ? " by a reload" : ` by ${by === "program" ? "the program" : by.replace(":", " ")}`;
}
