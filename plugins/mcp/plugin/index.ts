import { Elysia } from "elysia";
import { type App, type Manager, Plugin, type PluginConfig } from "gafferd";

/** The MCP SDK is in there. It is loaded with the first request, and not by `import(…)` of a literal, which gafferd would scan. */
const server = new URL("../dist/server.js", import.meta.url).href;

/** The tools of `src/server.ts`, which need not be loaded to check settings. */
const toolNames = ["run", "start", "stop", "restart", "list", "status", "read", "write", "search", "wait"];

/**
 * Serves the Model Context Protocol at `/_plugin/mcp/api`:
 *
 *     [plugin:mcp]
 *     tools = list, status, read, search, wait
 *
 * `tools` are the tools to offer; the default is all.
 */
export class Mcp extends Plugin {
  override name = "mcp";
  override version = "1.0";
  override description = "lets agents run and read processes over the Model Context Protocol";

  override app(config: PluginConfig): App {
    return new McpApp(config.settings.version, readTools(config));
  }
}

class McpApp implements App {
  readonly #version: string;
  readonly #tools: readonly string[];
  #manager: Manager | undefined;

  constructor(version: string, tools: readonly string[]) {
    this.#version = version;
    this.#tools = tools;
  }

  start(manager: Manager): void {
    this.#manager = manager;
  }

  routes() {
    const answer = ({ request }: { request: Request }) => this.#answer(request);
    return new Elysia().all("/", answer, { parse: "none" });
  }

  async #answer(request: Request): Promise<Response> {
    const manager = this.#manager!;
    const { answerMcp } = (await import(server)) as typeof import("../src/server.ts");
    return await answerMcp(request, {
      url: "http://localhost",
      fetch: (url, init) => manager.fetch(new Request(url, init)),
      version: this.#version,
      tools: this.#tools,
    });
  }
}

function readTools(config: PluginConfig): readonly string[] {
  const { tools, ...others } = config.section;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw config.error(unknown, "unknown key; the only one is `tools`");
  if (tools === undefined) return toolNames;
  const names = tools.split(/[,\s]+/).filter((name) => name !== "");
  const wrong = names.find((name) => !toolNames.includes(name));
  if (names.length > 0 && wrong === undefined) return names;
  throw config.error("tools", `must be some of ${toolNames.join(", ")}, not ${wrong ?? "none"}`);
}
