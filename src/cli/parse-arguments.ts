import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { suggestion } from "../template/nearest.ts";
import { definitionEntries, definitions, type OptionName, type Options, valueOptions } from "./options.ts";

/** A command line that cannot be obeyed; the message says which word and why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the words after `gafferd`. Strict, as citty is not: it takes `--nope=1` and `--bind` without a value in silence.
 * Throws UsageError and nothing else.
 */
export function parseArguments(argv: readonly string[]): Options {
  const counts = new Map<OptionName, number>();
  const values = new Map<OptionName, string>();
  for (const token of tokensOf(argv)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      setOnce(values, "config", { shown: "the configuration file", value: token.value });
      continue;
    }
    const name = nameOf(token.rawName, argv[token.index] ?? token.rawName);
    if (definitions[name].type === "boolean") {
      if (token.value !== undefined) throw new UsageError(`cannot give \`${token.rawName}\` a value: it takes none`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    } else {
      setOnce(values, name, { shown: `\`${token.rawName}\``, value: valueOf(token) });
    }
  }
  return toOptions(counts, values);
}

/** `--config` and `-c` → `config`, `-v` → `v`. */
const namesByFlag = new Map(
  definitionEntries.flatMap(([name, { alias }]) => {
    const flags = [name.length === 1 ? `-${name}` : `--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
    return flags.map((flag) => [flag, name] as const);
  }),
);

const parserOptions = Object.fromEntries(
  definitionEntries.map(([name, { type, alias }]) => {
    const short = name.length === 1 ? name : alias;
    return [name, short === undefined ? { type } : { type, short }];
  }),
);

/** Splits clusters (`-vvcFILE`) and values (`--bind=ADDR`) as POSIX and GNU have it; refuses nothing. */
function tokensOf(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: parserOptions, strict: false, allowPositionals: true, tokens: true })
    .tokens;
}

type OptionToken = Extract<ReturnType<typeof tokensOf>[number], { kind: "option" }>;

function nameOf(flag: string, word: string): OptionName {
  const name = namesByFlag.get(flag);
  if (name !== undefined) return name;
  const typed = word.split("=", 1)[0] ?? word;
  const within = typed === flag ? "" : ` in \`${typed}\``;
  const near = suggestion(`--${typed.replace(/^-+/, "")}`, namesByFlag.keys());
  throw new UsageError(`cannot understand \`${flag}\`${within}: there is no such option${near}`);
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

function setOnce(values: Map<OptionName, string>, name: OptionName, given: { shown: string; value: string }): void {
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

function isPath(name: OptionName): boolean {
  return name !== "bind" && name !== "backlog";
}

function toOptions(counts: ReadonlyMap<OptionName, number>, values: ReadonlyMap<OptionName, string>): Options {
  const verbosity = counts.get("v") ?? 0;
  if (verbosity > 2) throw new UsageError("cannot be more verbose than `-vv`");
  const given = valueOptions.filter(([name]) => values.has(name)).map(([name, key]) => [key, values.get(name)]);
  return {
    ...(Object.fromEntries(given) as Pick<Options, (typeof valueOptions)[number][1]>),
    help: counts.has("help"),
    version: counts.has("version"),
    check: counts.has("check"),
    daemon: counts.has("daemon"),
    verbosity: verbosity as Options["verbosity"],
  };
}
