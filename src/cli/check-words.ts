import type { ArgsDef } from "citty";
import { suggestion } from "../suggestion.ts";

/** An invalid command line. The message says which word is wrong and why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** How often each option was given, by name. An option that was not given is not in the map. */
export type OptionCounts = ReadonlyMap<string, number>;

/**
 * Rejects what citty accepts: unknown options, options with a missing or an unexpected value, repeated options, and
 * unexpected or missing arguments (unless `--help` is given). It does not read values; citty does. Throws only UsageError.
 */
export function checkWords(words: readonly string[], definitions: ArgsDef): OptionCounts {
  const flags = flagsOf(definitions);
  const counts = new Map<string, number>();
  const others: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      others.push(...words.slice(at + 1));
      break;
    }
    if (!isOption(word)) {
      others.push(word);
      continue;
    }
    for (const { flag, value } of flagsIn(word, flags)) {
      const option = flags.get(flag) ?? rejectFlag(flag, word, flags.keys());
      counts.set(option.name, (counts.get(option.name) ?? 0) + 1);
      if (!option.takesValue) {
        if (value !== undefined) throw new UsageError(`\`${flag}\` takes no value`);
        continue;
      }
      if (counts.get(option.name) === 2) throw new UsageError(`\`${flag}\` is given twice`);
      if (value === undefined) at += 1;
      checkValue(flag, value === undefined ? { next: words[at] } : { inline: value });
    }
  }
  if (!counts.has("help")) checkArguments(others, definitions);
  return counts;
}

/** Rewrites `-c=FILE` to `-cFILE`, because citty would take `=FILE` as the value. */
export function withoutShortEquals(words: readonly string[], definitions: ArgsDef): string[] {
  const end = words.indexOf("--");
  const flags = flagsOf(definitions);
  return words.map((word, at) => {
    const [, cluster = "", value] = /^-(\w+)=(.*)$/s.exec(word) ?? [];
    const isMeant = value !== undefined && (end === -1 || at < end) && flags.get(`-${cluster.at(-1)}`)?.takesValue;
    return isMeant ? `-${cluster}${value}` : word;
  });
}

interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
}

/** The options by their spellings, such as `--config` and `-c`. A one-letter name has no long form. */
function flagsOf(definitions: ArgsDef): ReadonlyMap<string, Flag> {
  const options = Object.entries(definitions).filter(([, { type }]) => type !== "positional");
  return new Map(
    options.flatMap(([name, definition]) => {
      const aliases = "alias" in definition ? [definition.alias ?? []].flat() : [];
      const spellings = [name.length === 1 ? `-${name}` : `--${name}`, ...aliases.map((alias) => `-${alias}`)];
      return spellings.map((flag) => [flag, { name, takesValue: definition.type !== "boolean" }] as const);
    }),
  );
}

function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

/** `--bind=ADDR` is one flag with a value. `-vvcFILE` is three flags; the last one has the value. */
function flagsIn(word: string, flags: ReadonlyMap<string, Flag>): { flag: string; value?: string }[] {
  if (word.startsWith("--")) {
    const [, flag = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    return [value === undefined ? { flag } : { flag, value }];
  }
  const letters = Array.from(word.slice(1));
  const last = letters.findIndex((letter) => flags.get(`-${letter}`)?.takesValue);
  const cluster = last === -1 ? letters : letters.slice(0, last + 1);
  const rest = letters.slice(cluster.length).join("");
  return cluster.map((letter, at) => ({
    flag: `-${letter}`,
    ...(at === last && rest !== "" && { value: rest }),
  }));
}

function rejectFlag(flag: string, word: string, flags: Iterable<string>): never {
  const typed = word.split("=", 1)[0] ?? word;
  const within = typed === flag ? "" : ` in \`${typed}\``;
  throw new UsageError(`unknown option \`${flag}\`${within}${suggestion(`--${typed.replace(/^-+/, "")}`, flags)}`);
}

function checkValue(flag: string, { inline, next }: { inline?: string; next?: string | undefined }): void {
  if (inline || (inline === undefined && next && !isOption(next))) return;
  const spelling = flag.startsWith("--") ? `${flag}=${next}` : `${flag}${next}`;
  const hint = next ? `; if \`${next}\` is the value, write \`${spelling}\`` : "";
  throw new UsageError(`\`${flag}\` needs a value${hint}`);
}

function checkArguments(others: readonly string[], definitions: ArgsDef): void {
  const wanted = Object.values(definitions).filter(({ type }) => type === "positional");
  const surplus = others[wanted.length];
  if (surplus !== undefined) throw new UsageError(`unexpected argument \`${surplus}\``);
  for (const [at, { required, valueHint }] of wanted.entries()) {
    if (others[at] === "") throw new UsageError(`${valueHint} is empty`);
    if (required && others[at] === undefined) throw new UsageError(`${valueHint} is missing`);
  }
}
