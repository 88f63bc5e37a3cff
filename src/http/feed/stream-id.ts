import { bootId } from "../../boot.ts";
import { GafferdError } from "../../errors.ts";
import type { OutputStart } from "../../reading/output-start.ts";
import {
  formatPosition,
  maxPositionLength,
  parsePosition,
  type StreamPosition,
} from "../../reading/stream-position.ts";

/** Maximum length of `bootId`. */
const bootLength = 9;
/** Maximum length of an id: 128 characters. */
export const maxIdLength = bootLength + maxPositionLength;

/** All forms of ids that gafferd has ever sent: of events, of output, and of output up to 0.1.0. */
const knownIds = [
  /^(r[0-9a-z]+)-([0-9a-z]+)$/,
  /^(r[0-9a-z]+)(_.*)$/,
  /^(r[0-9a-z]+)(\.[0-9a-z]+(\.[0-9a-z]+(-[0-9a-z]+)*)*)$/,
];

/** Whether a `since` value is an id, well-formed or not, rather than a time. */
export function looksLikeStreamId(text: string): boolean {
  return text.startsWith("r");
}

/** `r5k2x_1_2s_2s`: the boot and the position of the reader (see `stream-position.ts`). */
export function formatStreamId(position: StreamPosition): string {
  return (position.boot ?? bootId) + formatPosition(position);
}

/**
 * Where a client with this id resumes; the id is the value of the parameter `field`. Throws `bad_value` if gafferd cannot have
 * sent the id.
 */
export function parseStreamId(id: string, field = "since"): Extract<OutputStart, { kind: "resume" | "restart" }> {
  const [, boot, rest = ""] = /^(r[0-9a-z]+)(_.*)$/.exec(id) ?? [];
  const position = parsePosition(rest);
  if (boot === bootId && position !== undefined) return { kind: "resume", position };
  if (boot !== undefined && boot.length <= bootLength && position !== undefined) {
    return { kind: "resume", position: { ...position, boot } };
  }
  if (wasSentBefore(id)) return { kind: "restart" };
  throw invalidIdError(id, "a stream", field);
}

/**
 * Whether gafferd sent this id in an earlier run, or in this run for another kind of stream. The stream cannot resume from
 * it, so the client gets a gap event.
 */
export function wasSentBefore(id: string): boolean {
  for (const pattern of knownIds) {
    const [, run, rest = ""] = pattern.exec(id) ?? [];
    if (run === undefined) continue;
    if (rest.startsWith("_")) return parsePosition(rest) !== undefined;
    return run !== bootId || pattern === knownIds[0];
  }
  return false;
}

/** The `bad_value` error for an id that `sender` cannot have sent. */
export function invalidIdError(id: string, sender: string, field = "since"): GafferdError {
  const reason = `\`${id.slice(0, 80)}\` is not a valid id; pass an id exactly as ${sender} sent it`;
  return new GafferdError("bad_value", reason, { field });
}
