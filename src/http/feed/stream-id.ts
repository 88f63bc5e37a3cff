import { randomBytes } from "node:crypto";
import { GafferdError } from "../../errors.ts";
import type { OutputStart } from "../../reading/output-start.ts";
import {
  formatPosition,
  maxPositionLength,
  parsePosition,
  type StreamPosition,
} from "../../reading/stream-position.ts";

/** Tells the ids of this run of the daemon from those of an earlier one, whose processes had the same numbers. */
export const runId = `r${BigInt(`0x${randomBytes(5).toString("hex")}`).toString(36)}`;

/** `r` and 40 bits in base 36. */
const runLength = 9;
/** No id is longer, whatever runs: 128 characters. */
export const maxIdLength = runLength + maxPositionLength;

/** All that gafferd has ever sent as an id: of events, and of output as it is now and as it was up to 0.1.0. */
const knownIds = [
  /^(r[0-9a-z]+)-([0-9a-z]+)$/,
  /^(r[0-9a-z]+)(_.*)$/,
  /^(r[0-9a-z]+)(\.[0-9a-z]+(\.[0-9a-z]+(-[0-9a-z]+)*)*)$/,
];

/** Whether a `since` is meant as an id, well-formed or not, rather than as a time. */
export function looksLikeStreamId(text: string): boolean {
  return text.startsWith("r");
}

/** `r5k2x_1_2s_2s`: the run, and how far the reader came (`stream-position.ts`). */
export function formatStreamId(position: StreamPosition): string {
  return runId + formatPosition(position);
}

/** Where a client goes on that comes with an id. Throws `bad_value` for what gafferd never sent. */
export function parseStreamId(id: string): OutputStart {
  const position = id.startsWith(`${runId}_`) ? parsePosition(id.slice(runId.length)) : undefined;
  if (position !== undefined) return { kind: "resume", position };
  if (wasSentBefore(id)) return { kind: "restart" };
  throw notAnId(id, "a stream");
}

/**
 * Whether an id is one of ours that says nothing about the place at hand: of an earlier run of the daemon, or of another
 * kind of stream of this run. Whoever comes with it is told of a gap.
 */
export function wasSentBefore(id: string): boolean {
  for (const pattern of knownIds) {
    const [, run, rest = ""] = pattern.exec(id) ?? [];
    if (run === undefined) continue;
    if (rest.startsWith("_")) return parsePosition(rest) !== undefined;
    return run !== runId || pattern === knownIds[0];
  }
  return false;
}

/** What is thrown for an id that `sender` never sent. */
export function notAnId(id: string, sender: string): GafferdError {
  const reason = `\`${id.slice(0, 80)}\` is not an id; pass one exactly as ${sender} sent it`;
  return new GafferdError("bad_value", reason, { field: "since" });
}
