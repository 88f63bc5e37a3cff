import { GafferdError } from "../errors.ts";
import { eventTypes, type GafferdEvent } from "./event.ts";

/** A filter for events. An absent property matches everything. */
export interface EventPattern {
  readonly type?: string;
  /** The name of the template; it may contain dots. */
  readonly name?: string;
}

/**
 * Parses the parts of a pattern: nothing or `.` (everything); a type such as `create`; or `proc`, a name and optionally a
 * type. The parts may also be one text with dots: in `proc.my.app.exit`, `exit` is the type because it is a known one.
 * Throws `bad_event_type`.
 */
export function parsePattern(parts: readonly string[]): EventPattern {
  const [first = ".", name, type, ...more] = parts;
  if (parts.length === 1 && first.startsWith("proc.")) return parseDotted(first.slice("proc.".length));
  if (first === "." && parts.length <= 1) return {};
  if (parts.length === 1 && isType(first)) return { type: first };
  if (first !== "proc" || name === undefined || name === "" || more.length > 0) throw badEventType(parts);
  if (type === undefined) return { name };
  if (!isType(type)) throw badEventType(parts);
  return { name, type };
}

export function matches({ type, name }: EventPattern, event: GafferdEvent): boolean {
  return (type === undefined || event.type === type) && (name === undefined || event.name === name);
}

function isType(text: string): boolean {
  return eventTypes.some((each) => each === text);
}

function parseDotted(text: string): EventPattern {
  const type = eventTypes.find((each) => text.endsWith(`.${each}`) && text.length > each.length + 1);
  if (type === undefined && text === "") throw badEventType(["proc", text]);
  return type === undefined ? { name: text } : { name: text.slice(0, -type.length - 1), type };
}

function badEventType(parts: readonly string[]): GafferdError {
  const types = eventTypes.join(", ");
  return new GafferdError(
    "bad_event_type",
    `there are no events \`${parts.join("/")}\`; there are ${types}, and proc/NAME with or without one of these`,
  );
}
