import { definitionEntries, type Options, valueOptions } from "./options.ts";
import { readWords, setOnce, UsageError } from "./read-words.ts";

/**
 * Reads the words after `gafferd`. Strict, as citty is not: it takes `--nope=1` and `--bind` without a value in silence.
 * Throws UsageError and nothing else.
 */
export function parseArguments(argv: readonly string[]): Options {
  const { counts, values, others } = readWords(argv, definitionEntries);
  for (const value of others) setOnce(values, "config", { shown: "the configuration file", value });
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
