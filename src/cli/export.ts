import { defineCommand, runCommand } from "citty";
import { createClient, GafferdClientError } from "../client/client.ts";
import { GafferdError } from "../errors.ts";
import { stdout } from "../log/outlet.ts";
import { reasonOf } from "../reason.ts";
import { checkWords, withoutShortEquals } from "./check-words.ts";
import { optionLine } from "./help.ts";
import { definitions as gafferdOptions } from "./options.ts";

const defaultUrl = "http://127.0.0.1:5000";

const definitions = {
  help: gafferdOptions.help,
  url: {
    type: "string",
    valueHint: "URL",
    description: `address of the running gafferd, or unix:PATH [default: $GAFFERD_URL, or ${defaultUrl}]`,
  },
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
  const socket = /^unix:(?:\/\/)?(.+)$/.exec(url)?.[1];
  const options = socket === undefined ? { url } : { url: "http://localhost", fetch: throughSocket(socket) };
  try {
    return await createClient(options).export();
  } catch (error) {
    if (error instanceof GafferdClientError) throw new GafferdError("bad_value", error.message, { cause: error });
    const advice = "start one with `gafferd`, or give the address of another one with --url=URL";
    throw new GafferdError("not_found", `cannot reach a gafferd at ${url}: ${reasonFor(error)}; ${advice}`, {
      cause: error,
    });
  }
}

/** Bun's text for this asks whether the computer is able to access the URL. */
function reasonFor(error: unknown): string {
  const { code } = error as { code?: string };
  return code === "ECONNREFUSED" || code === "ConnectionRefused" ? "nothing listens there" : reasonOf(error);
}

function throughSocket(unix: string) {
  return (url: string, init: RequestInit) => fetch(url, { ...init, unix });
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
