import { defineCommand, type ParsedArgs, runCommand } from "citty";
import { resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { checkWords, type OptionCounts, UsageError, withoutShortEquals } from "./check-words.ts";
import { definitions, type Options, valueOptions } from "./options.ts";

const { name, version, description } = packageJson;

/**
 * Parses the arguments of `gafferd` and returns the result of calling `run` with them. Throws UsageError for invalid
 * arguments, and what `run` throws.
 */
export async function withOptions<Result>(
  argv: readonly string[],
  run: (options: Options) => Promise<Result>,
): Promise<Result> {
  const rawArgs = withoutShortEquals(argv, definitions);
  const counts = checkWords(rawArgs, definitions);
  const command = defineCommand({
    meta: { name, version, description },
    args: definitions,
    run: ({ args }) => run(toOptions(args, counts)),
  });
  const { result } = await runCommand(command, { rawArgs });
  return result as Result;
}

function toOptions(args: ParsedArgs<typeof definitions>, counts: OptionCounts): Options {
  const { file } = args;
  const { config = file } = args;
  if (config !== undefined && file !== undefined && resolve(config) !== resolve(file)) {
    throw new UsageError(`two configuration files were given, \`${config}\` and \`${file}\`; use only one`);
  }
  // citty reports whether `-v` was given, not how often.
  const verbosity = counts.get("v") ?? 0;
  if (verbosity > 2) throw new UsageError("`-vv` is the highest level; use `-v` at most twice");
  const given = valueOptions.flatMap(([option, key]) => (args[option] === undefined ? [] : [[key, args[option]]]));
  return {
    ...(Object.fromEntries(given) as Pick<Options, (typeof valueOptions)[number][1]>),
    ...(config !== undefined && { config }),
    help: Boolean(args.help),
    version: Boolean(args.version),
    check: Boolean(args.check),
    daemon: Boolean(args.daemon),
    insecureFiles: Boolean(args["insecure-files"]),
    verbosity: verbosity as Options["verbosity"],
  };
}
