import { afterAll, beforeAll, expect, test } from "bun:test";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createFolder, main, startGafferd } from "../../cli/running.ts";
import { connectMcp, ensureBuilt } from "./mcp-client.ts";

const folder = createFolder();
beforeAll(ensureBuilt);
afterAll(folder.remove);

const write = (name: string, text: string) => folder.write(`${name}.ini`, `[gaffer]\nstate_dir = ${name}\n${text}`);

test("`tools` in [plugin:mcp] limits what agents can do", async () => {
  await using gafferd = await startGafferd(["-c", write("few", "[plugin:mcp]\ntools = list, status read\n")]);
  const transport = new StreamableHTTPClientTransport(new URL(`${gafferd.url}/_plugin/mcp/api`));
  await using agent = await connectMcp(transport);
  const { tools } = await agent.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["list", "status", "read"]);
  expect(await agent.fail("run", { command: "true" })).toContain("run");
}, 20_000);

test("without the plugin there is no such path", async () => {
  await using gafferd = await startGafferd(["-c", write("none", "bundled_plugins = dashboard\n")]);
  expect((await fetch(`${gafferd.url}/_plugin/mcp/api`, { method: "POST" })).status).toBe(404);
}, 20_000);

test.each([
  ["tools = list, fly", "must be some of run, start, stop, restart, list, status, read, write, search, wait, not fly"],
  ["tools =", "must be some of run, start, stop, restart, list, status, read, write, search, wait, not none"],
  ["tool = list", "unknown key; the only one is `tools`"],
])("`%s` is an error with its line", async (line, message) => {
  const config = write("wrong", `[plugin:mcp]\n${line}\n`);
  const { exitCode, stderr } = Bun.spawnSync({ cmd: [main, "--check", config], stderr: "pipe" });
  expect(exitCode).toBe(2);
  expect(stderr.toString()).toContain(`:4: [plugin:mcp] ${line.split(" ")[0]}: ${message}`);
});
