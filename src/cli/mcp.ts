import { defineCommand, runCommand } from "citty";
import packageJson from "../../package.json" with { type: "json" };
import { createClient } from "../client/client.ts";
import { log } from "../log.ts";
import { stdout } from "../log/outlet.ts";
import { checkWords, withoutShortEquals } from "./check-words.ts";
import { defaultUrl, toClientOptions, toReachError, urlDefinition } from "./daemon-url.ts";
import { optionLine } from "./help.ts";
import { definitions as gafferdOptions } from "./options.ts";

/** The plugin with the SDK, bundled by the build. Not a literal, so that only this command loads it. */
const server = new URL("../../plugins/mcp/dist/server.js", import.meta.url).href;

const definitions = { help: gafferdOptions.help, url: urlDefinition } as const;

/** `gafferd mcp`: serves the Model Context Protocol over stdin and stdout, for a running gafferd. */
const mcpCommand = defineCommand({
  meta: { name: "mcp", description: "serve the Model Context Protocol over stdin and stdout" },
  args: definitions,
  run: async ({ args }) => await serve(args.url ?? process.env["GAFFERD_URL"] ?? defaultUrl),
});

/** Runs `gafferd mcp` with these arguments. Throws UsageError, or GafferdError if no gafferd can be reached. */
export async function runMcp(argv: readonly string[]): Promise<void> {
  const rawArgs = withoutShortEquals(argv, definitions);
  if (checkWords(rawArgs, definitions).has("help")) return stdout.write(helpText());
  await runCommand(mcpCommand, { rawArgs });
}

async function serve(url: string): Promise<void> {
  const options = toClientOptions(url);
  // An agent shows the error of a server that does not start, and hides those of calls.
  await createClient(options)
    .groups()
    .catch((error: unknown) => {
      throw toReachError(url, error);
    });
  const { serveStdio } = (await import(server)) as typeof import("../../plugins/mcp/src/server.ts");
  log.debug(`serving the Model Context Protocol for ${url}`);
  await serveStdio({ ...options, version: packageJson.version });
}

function helpText(): string {
  const lines = Object.entries(definitions).map(([name, definition]) => optionLine(name, definition));
  return `usage: gafferd mcp [--url=URL]

    Serves the Model Context Protocol (MCP) over stdin and stdout, so that an agent
    can use a running gafferd. Ends when stdin does.

Options

${lines.join("\n")}
`;
}
