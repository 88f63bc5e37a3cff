import { suggestion } from "../../suggestion.ts";
import { readWords, UsageError } from "../read-words.ts";
import { type PluginOptions, type Verb, verbs } from "./plugin-options.ts";

/** Undefined as `verb`: help on all of them is asked for. */
export interface PluginCommand {
  readonly verb: Verb | undefined;
  readonly options: PluginOptions;
}

/** Reads the words after `gafferd plugin`. Throws UsageError and nothing else. */
export function parsePluginArguments(argv: readonly string[]): PluginCommand {
  const all = verbs.install.definitions;
  const [first] = readWords(argv, all).others;
  const verb = first === undefined ? undefined : verbOf(first);
  const { counts, values, others } = readWords(argv, verb === undefined ? all : verbs[verb].definitions);
  const [, subject = "", ...more] = others;
  const [config, pluginsDir] = [values.get("config"), values.get("plugins-dir")];
  const options: PluginOptions = {
    help: counts.has("help"),
    force: counts.has("force"),
    ...(config === undefined ? {} : { config }),
    ...(pluginsDir === undefined ? {} : { pluginsDir }),
    subject,
  };
  if (!options.help)
    assertComplete(
      verb,
      [subject, ...more].filter((word) => word !== ""),
    );
  return { verb, options };
}

function verbOf(word: string): Verb {
  if (Object.hasOwn(verbs, word)) return word as Verb;
  const near = suggestion(word, Object.keys(verbs)) || `; there are ${Object.keys(verbs).join(", ")}`;
  throw new UsageError(`cannot understand \`plugin ${word}\`${near}`);
}

function assertComplete(verb: Verb | undefined, subjects: readonly string[]): void {
  if (verb === undefined) {
    const list = Object.keys(verbs).join(", ");
    throw new UsageError(`cannot do \`plugin\` alone: say ${list} (a configuration file of this name is \`./plugin\`)`);
  }
  const { subject } = verbs[verb];
  const wanted = subject === undefined ? 0 : 1;
  if (subjects.length < wanted) throw new UsageError(`cannot do \`plugin ${verb}\` without ${subject}`);
  const surplus = subjects[wanted];
  if (surplus !== undefined)
    throw new UsageError(
      `cannot use \`${surplus}\`: \`plugin ${verb}\` takes ${subject === undefined ? "no names" : "one"}`,
    );
}
