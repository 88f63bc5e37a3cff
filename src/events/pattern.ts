import { GafferdError } from "../errors.ts";
import { eventTypes, type GafferdEvent } from "./event.ts";

/** Which events somebody wants. What is absent stands for all. */
export interface EventPattern {
  readonly type?: string;
  /** Of the template; may hold dots. */
  readonly name?: string;
}

/**
 * Reads the parts of a pattern: none or `.` is everything; `create`, or any other type; `proc`, a name and, if it is
 * wanted, a type. Parts may come separated by dots in one text, `proc.my.app.exit`: a last part that is a type is one.
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
