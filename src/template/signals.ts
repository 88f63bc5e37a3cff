import { constants } from "node:os";
import { GafferdError } from "../errors.ts";
import { nearest } from "../suggestion.ts";

export interface Signal {
  /**
   * `"SIGTERM"`. Real-time signals are `"SIGRTMIN"`, `"SIGRTMIN+3"` or `"SIGRTMAX"`; `process.kill` does not accept
   * these names, so send the number.
   */
  readonly name: string;
  readonly number: number;
}

/** The first real-time signal that the C library leaves to programs, and the last of the kernel. macOS has none. */
const firstRealTime = 34;
const lastRealTime = 64;

const numberByName = new Map<string, number>(Object.entries(constants.signals));
if (process.platform === "linux") {
  numberByName.set("SIGRTMIN", firstRealTime);
  numberByName.set("SIGRTMAX", lastRealTime);
  for (let n = firstRealTime; n <= lastRealTime; n++) {
    numberByName.set(`SIGRTMIN+${n - firstRealTime}`, n);
    numberByName.set(`SIGRTMAX-${lastRealTime - n}`, n);
  }
}
// Aliases (SIGIOT, SIGPOLL) come after the common name, so the first name of a number is the one to show.
const nameByNumber = new Map<number, string>();
for (const [name, number] of numberByName) if (!nameByNumber.has(number)) nameByNumber.set(number, name);

/**
 * Parses `"HUP"`, `"SIGHUP"`, `"sighup"`, `"1"` or `1`, and on Linux `"RTMIN"`, `"RTMIN+n"`, `"RTMAX-n"` and `"RTMAX"`.
 * Throws `bad_value` that suggests a similar name or lists all names. 0 is not a signal.
 */
export function parseSignal(signal: string | number): Signal {
  const text = String(signal).trim().toUpperCase();
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    const name = nameByNumber.get(number);
    if (name === undefined) throw unknownSignal(signal);
    return { name, number };
  }
  const wanted = text.startsWith("SIG") ? text : `SIG${text}`;
  const number = numberByName.get(wanted);
  if (number === undefined) throw unknownSignal(signal, wanted);
  // An alias becomes the common name, so that equal templates look the same.
  return { name: nameByNumber.get(number) ?? wanted, number };
}

function unknownSignal(signal: string | number, wanted?: string): GafferdError {
  const names = [...nameByNumber.values()].filter((name) => !name.startsWith("SIGRT"));
  const realTime = [...numberByName.keys()].filter((name) => name === "SIGRTMIN" || name === "SIGRTMAX");
  const range = realTime.length > 0 ? [`RTMIN to RTMIN+${lastRealTime - firstRealTime}`] : [];
  if (wanted !== undefined && /^SIGRTM(IN|AX)[+-]/.test(wanted) && range.length > 0) {
    return new GafferdError(
      "bad_value",
      `${JSON.stringify(signal)} is not a signal; real-time signals are ${range[0]}`,
    );
  }
  const near = wanted === undefined ? undefined : nearest(wanted, [...names, ...realTime]);
  const known = [...names.map((name) => name.slice("SIG".length)), ...range].join(", ");
  return new GafferdError(
    "bad_value",
    `${JSON.stringify(signal)} is not a signal; ${near ? `did you mean ${near}?` : `write a number or one of ${known}`}`,
  );
}
