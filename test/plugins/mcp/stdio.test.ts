import { afterAll, beforeAll, expect, test } from "bun:test";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { createFolder, main, type RunningGafferd, startGafferd } from "../../cli/running.ts";
import { connectMcp, ensureBuilt } from "./mcp-client.ts";

const folder = createFolder();
let gafferd: RunningGafferd;
beforeAll(async () => {
  await ensureBuilt();
  // Without the plugin: the command has the tools itself.
  const config = folder.write("gaffer.ini", `[gaffer]\nbundled_plugins = none\nstate_dir = state\n`);
  gafferd = await startGafferd(["-c", config], { env: { HOME: folder.path } });
}, 20_000);
afterAll(async () => {
  await gafferd[Symbol.asyncDispose]();
  folder.remove();
});

test("`gafferd mcp` offers the tools over stdin and stdout", async () => {
  const transport = new StdioClientTransport({ command: main, args: ["mcp", `--url=${gafferd.url}`], stderr: "pipe" });
  await using agent = await connectMcp(transport);
  expect((await agent.client.listTools()).tools).toHaveLength(10);
  expect(await agent.call("run", { command: "echo hello", id: "r" })).toContain("hello\n");
  expect(await agent.call("status", { target: "run~r" })).toContain("exited with status 0");
  expect(await agent.fail("read", { target: "nobody" })).toContain("there is no process template `nobody`");
});

async function gafferdMcp(args: readonly string[], input: string, env: Record<string, string> = {}) {
  const child = Bun.spawn({
    cmd: [main, "mcp", ...args],
    env: { ...process.env, ...env },
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, status };
}

test("it answers everything that was asked before stdin ended, one message on a line, and ends with status 0", async () => {
  const messages = [
    { jsonrpc: "2.0", id: 1, method: "tools/list" },
    {
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "run", arguments: { command: "sleep 0.3; echo slow" } },
    },
  ];
  const input = messages.map((message) => `${JSON.stringify(message)}\n`).join("");
  const { out, err, status } = await gafferdMcp([], input, { GAFFERD_URL: gafferd.url });
  const answers = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number });
  expect(answers.map(({ id }) => id)).toEqual([1, 2]);
  expect(out).toContain("slow");
  expect([err, status]).toEqual(["", 0]);
});

test("without a gafferd it says so at once", async () => {
  const { err, status } = await gafferdMcp(["--url=http://127.0.0.1:1"], "");
  expect(err).toContain("cannot reach a gafferd at http://127.0.0.1:1: nothing listens there");
  expect(status).toBe(1);
});

test("--help describes it, and unknown options are refused", async () => {
  expect((await gafferdMcp(["--help"], "")).out).toStartWith("usage: gafferd mcp [--url=URL]");
  expect((await gafferdMcp(["--nope"], "")).status).toBe(2);
});
