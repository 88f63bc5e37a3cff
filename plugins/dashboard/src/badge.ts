import type { DetailDocument } from "gafferd/client";
import type { ProcessRow, State } from "./state/fleet.ts";

/** The text of a state badge, and the class of its colour (style/list.css). */
export interface Badge {
  readonly text: string;
  readonly tone: State | ProcessRow["state"] | "failing";
  /** The tooltip. */
  readonly title?: string;
}

/** The badge of a template. A crash loop is never green, not even while its process runs. */
export function templateBadge({ status }: Pick<DetailDocument, "status">): Badge {
  const { state, exits_in_a_row, reason, next_retry_at } = status;
  const isLoop = exits_in_a_row > 0;
  const retry = next_retry_at === null ? undefined : `next attempt ${formatTime(next_retry_at)}`;
  const title = [reason ?? undefined, retry].filter((part) => part !== undefined).join("; ");
  return {
    text: isLoop && (state === "running" || state === "starting") ? "crash loop" : state,
    tone: isLoop ? "failing" : state,
    ...(title !== "" && { title }),
  };
}

/** Whether a template needs the attention of an operator. */
export function needsAttention({ status: { state, exits_in_a_row } }: Pick<DetailDocument, "status">): boolean {
  return state === "fatal" || state === "backoff" || exits_in_a_row > 0;
}

/** The badge of a process. During a crash loop it is green only after the process has run long enough to end the loop. */
export function processBadge(
  { status, backoff }: Pick<DetailDocument, "status" | "backoff">,
  { state, started_at }: Pick<ProcessRow, "state" | "started_at">,
  nowMs = Date.now(),
): Badge {
  const resetAfterMs = backoff === false ? defaultResetAfterMs : backoff.reset_after * 1000;
  const isYoung = nowMs - Date.parse(started_at) < resetAfterMs;
  return { text: state, tone: state === "running" && status.exits_in_a_row > 0 && isYoung ? "starting" : state };
}

/** Formats an RFC 3339 time as local time of day. */
export function formatTime(time: string): string {
  return new Date(time).toLocaleTimeString();
}

/** gafferd's value for templates without `backoff`. */
const defaultResetAfterMs = 10_000;
