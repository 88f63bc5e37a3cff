import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { suggestion } from "../suggestion.ts";
import type { Definition } from "./options.ts";

/** A command line that cannot be obeyed; the message says which word and why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The words of a command line, told apart. */
export interface Words<Name extends string> {
  /** How often each option without a value was given. */
  readonly counts: ReadonlyMap<Name, number>;
  readonly values: Map<Name, string>;
  /** What belongs to no option. */
  readonly others: readonly string[];
}

/** Tells words apart by these options. Throws UsageError and nothing else. */
export function readWords<Name extends string>(
  argv: readonly string[],
  definitions: readonly (readonly [Name, Definition])[],
): Words<Name> {
  const byName = new Map(definitions);
  const namesByFlag = new Map(definitions.flatMap(([name, each]) => flagsOf(name, each).map((flag) => [flag, name])));
  const counts = new Map<Name, number>();
  const values = new Map<Name, string>();
  const others: string[] = [];
  for (const token of tokensOf(argv, definitions)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      others.push(token.value);
      continue;
    }
    const name = namesByFlag.get(token.rawName) as Name | undefined;
    if (name === undefined) throw unknown(token.rawName, argv[token.index] ?? token.rawName, namesByFlag.keys());
    if (byName.get(name)?.type === "boolean") {
      if (token.value !== undefined) throw new UsageError(`cannot give \`${token.rawName}\` a value: it takes none`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    } else {
      setOnce(values, name, { shown: `\`${token.rawName}\``, value: valueOf(token) });
    }
  }
  return { counts, values, others };
}

/** Throws UsageError for an empty text, and for a second one that means another thing. */
export function setOnce<Name extends string>(
  values: Map<Name, string>,
  name: Name,
  given: { shown: string; value: string },
): void {
  const { shown, value } = given;
  if (value === "") throw new UsageError(`cannot use an empty text as ${shown}`);
  const earlier = values.get(name) ?? value;
  const isSame = earlier === value || (isPath(name) && resolve(earlier) === resolve(value));
  if (!isSame) {
    const what = name === "config" ? "use two configuration files" : `give ${shown} two values`;
    throw new UsageError(`cannot ${what}: \`${earlier}\` and \`${value}\``);
  }
  values.set(name, earlier);
}

/** `--config` and `-c`; `-v` alone for a name of one letter. */
function flagsOf(name: string, { alias }: Definition): string[] {
  return [name.length === 1 ? `-${name}` : `--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
}

/** Splits clusters (`-vvcFILE`) and values (`--bind=ADDR`) as POSIX and GNU have it; refuses nothing. */
function tokensOf(argv: readonly string[], definitions: readonly (readonly [string, Definition])[]) {
  const options = Object.fromEntries(
    definitions.map(([name, { type, alias }]) => {
      const short = name.length === 1 ? name : alias;
      return [name, short === undefined ? { type } : { type, short }];
    }),
  );
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

type OptionToken = Extract<ReturnType<typeof tokensOf>[number], { kind: "option" }>;

function unknown(flag: string, word: string, flags: Iterable<string>): UsageError {
  const typed = word.split("=", 1)[0] ?? word;
  const within = typed === flag ? "" : ` in \`${typed}\``;
  const near = suggestion(`--${typed.replace(/^-+/, "")}`, flags);
  return new UsageError(`cannot understand \`${flag}\`${within}: there is no such option${near}`);
}

function valueOf({ rawName, value: given, inlineValue }: OptionToken): string {
  // `-c=FILE` is meant as `-c FILE`; parseArgs reads `=FILE`.
  const isShort = !rawName.startsWith("--");
  const value = isShort && inlineValue ? given?.replace(/^=/, "") : given;
  if (value === undefined) throw new UsageError(`cannot use \`${rawName}\` without a value`);
  if (!inlineValue && value.startsWith("-")) {
    const spelling = isShort ? `${rawName}${value}` : `${rawName}=${value}`;
    throw new UsageError(`cannot use \`${rawName}\` without a value (if \`${value}\` is it, write \`${spelling}\`)`);
  }
  return value;
}

function isPath(name: string): boolean {
  return name !== "bind" && name !== "backlog";
}
