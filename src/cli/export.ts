import { defineCommand, runCommand } from "citty";
import { createClient } from "../client/client.ts";
import { stdout } from "../log/outlet.ts";
import { checkWords, withoutShortEquals } from "./check-words.ts";
import { defaultUrl, toClientOptions, toReachError, urlDefinition } from "./daemon-url.ts";
import { optionLine } from "./help.ts";
import { definitions as gafferdOptions } from "./options.ts";

const definitions = {
  help: gafferdOptions.help,
  url: urlDefinition,
} as const;

/** `gafferd export`: prints what a running gafferd runs as an INI file. */
const exportCommand = defineCommand({
  meta: { name: "export", description: "print what a running gafferd runs as an INI file" },
  args: definitions,
  run: async ({ args }) => stdout.write(await fetchIni(args.url ?? process.env["GAFFERD_URL"] ?? defaultUrl)),
});

/** Runs `gafferd export` with these arguments. Throws UsageError, or GafferdError if the command fails. */
export async function runExport(argv: readonly string[]): Promise<void> {
  const rawArgs = withoutShortEquals(argv, definitions);
  if (checkWords(rawArgs, definitions).has("help")) return stdout.write(helpText());
  await runCommand(exportCommand, { rawArgs });
}

async function fetchIni(url: string): Promise<string> {
  try {
    return await createClient(toClientOptions(url)).export();
  } catch (error) {
    throw toReachError(url, error);
  }
}

function helpText(): string {
  const lines = Object.entries(definitions).map(([name, definition]) => optionLine(name, definition));
  return `usage: gafferd export [--url=URL]

    Prints what a running gafferd runs as an INI file: each template with its
    present number of processes, and \`start = false\` if it was stopped.

Options

${lines.join("\n")}
`;
}
