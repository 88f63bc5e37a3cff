import type { DetailDocument } from "gafferd/client";
import type { ProcessRow, State } from "./fleet.ts";

/** What a badge says, and the class of its colour (style/list.css). */
export interface Mark {
  readonly text: string;
  readonly tone: State | ProcessRow["state"] | "failing";
  /** More, for who points at it. */
  readonly title?: string;
}

/** A crash loop is never green, not even in the moments in which its process runs. */
export function markOfTemplate({ status }: Pick<DetailDocument, "status">): Mark {
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

/** It needs somebody to look at it. */
export function isTroubled({ status: { state, exits_in_a_row } }: Pick<DetailDocument, "status">): boolean {
  return state === "fatal" || state === "backoff" || exits_in_a_row > 0;
}

/** A process of a template in a crash loop is not green before it has run long enough. */
export function markOfProcess(
  { status, backoff }: Pick<DetailDocument, "status" | "backoff">,
  { state, started_at }: Pick<ProcessRow, "state" | "started_at">,
  nowMs = Date.now(),
): Mark {
  const resetAfterMs = backoff === false ? defaultResetAfterMs : backoff.reset_after * 1000;
  const isYoung = nowMs - Date.parse(started_at) < resetAfterMs;
  return { text: state, tone: state === "running" && status.exits_in_a_row > 0 && isYoung ? "starting" : state };
}

/** The local time of day. */
export function formatTime(time: string): string {
  return new Date(time).toLocaleTimeString();
}

/** As gafferd has it without `backoff`. */
const defaultResetAfterMs = 10_000;
