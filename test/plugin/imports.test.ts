import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { main } from "../cli/running.ts";
import { findMissingImports } from "../../src/plugin/imports.ts";
import { createFolder, refusal, startWith } from "./starting.ts";

const plugin = (more: string) => `
  import { Plugin } from "gafferd";
  ${more}
  export class P extends Plugin { name = "p"; }
`;

describe("a plugin can import", () => {
  test.each([
    [
      "what gafferd gives: the very classes of the daemon",
      `import { GafferdError, parseTemplate } from "gafferd"; import { Elysia } from "elysia"; globalThis.given = { GafferdError, Elysia };`,
    ],
    [
      "what comes with Bun",
      `import { join } from "path"; import { readFileSync } from "node:fs"; import { Database } from "bun:sqlite"; import { sleep } from "bun"; export const all = [join, readFileSync, Database, sleep];`,
    ],
    ["types of what is not there", `import type { Nobody } from "nobody-has-this"; export let nobody: Nobody;`],
    [
      "files of its own, JSON and text among them",
      `import { x } from "../lib/x"; import data from "../data.json"; import text from "../data.json" with { type: "text" }; export const all = [x, data, text];`,
    ],
    ["a package in a node_modules of its own", `import own from "own-package"; export { own };`],
    ["CommonJS", `const { Plugin: Same } = require("gafferd"); if (Same !== Plugin) throw new Error("two classes");`],
  ])("%s", async (_, more) => {
    await using started = await startWith({
      files: {
        "p/plugin/index.ts": plugin(more),
        "p/lib/x.ts": `import { parseSize } from "gafferd"; export const x: number = parseSize("1m");`,
        "p/data.json": "{}",
        "p/node_modules/own-package/index.js": "module.exports = 1;",
      },
    });
    expect(started.daemon.plugins.list().map(({ state }) => state)).toEqual(["running"]);
  });

  test("the client, when the command runs it", async () => {
    using folder = createFolder({
      "p/plugin/index.ts": plugin(
        `import { createClient } from "gafferd/client"; if (typeof createClient !== "function") throw new Error("none");`,
      ),
    });
    const { status, err } = await runUntilReady(folder.path);
    expect([status, err]).toEqual([0, expect.stringContaining("listens on")]);
  });
});

describe("a package that is not there", () => {
  test.each([
    ["at once", "p/plugin/index.ts", plugin(`import ms from "ms"; export { ms };`)],
    ["by a file of its own", "p/lib/deep.ts", `export { ms } from "ms";`],
    ["when it is needed", "p/lib/deep.ts", `export const later = () => import("ms");`],
    ["by require", "p/lib/deep.ts", `export const later = () => require("ms");`],
    ["in a part", "p/lib/deep.ts", `import "ms/part";`],
  ])("is named when it is imported %s", async (_, file, text) => {
    const index = plugin(`import * as deep from "../lib/deep.ts"; export { deep };`);
    const told = await refusal({ files: { "p/plugin/index.ts": index, "p/lib/deep.ts": "", [file]: text } });
    const specifier = text.includes("ms/part") ? "ms/part" : "ms";
    expect(told).toStartWith(
      `cannot load the plugin in DIR/p: missing package \`${specifier}\` (imported by DIR/${file}); run \`bun add\` in `,
    );
  });

  test("is told together with the others", () => {
    using folder = createFolder({ "index.ts": `import "ms"; import "@scope/x/y"; import "node:fs"; import "given";` });
    const file = join(folder.path, "index.ts");
    expect(findMissingImports([file], ["given"])).toEqual([
      { file, specifier: "ms" },
      { file, specifier: "@scope/x/y" },
    ]);
  });
});

describe("nothing is ever fetched", () => {
  let registry: Bun.Server<undefined>;
  const asked: string[] = [];
  beforeAll(() => {
    registry = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch({ url }) {
        asked.push(new URL(url).pathname);
        return new Response(null, { status: 404 });
      },
    });
  });
  afterAll(async () => await registry.stop(true));

  test("and what lies in Bun's cache of packages is not run, by whatever name it was found", async () => {
    const cached = "cache/made-up@1.0.0@@@1/index.js";
    const told = await refusal({
      files: {
        [cached]: "globalThis.ran = true;",
        "p/plugin/index.ts": plugin(`await import(["../../${cached}"].join(""));`),
      },
    });
    expect(told).toContain(`cannot load DIR/${cached}: gafferd does not install packages`);
    expect(globalThis).not.toHaveProperty("ran");
  });

  test("for an import that can be read, with a registry and an empty cache at hand", async () => {
    using folder = createFolder({ "p/plugin/index.ts": plugin(`import ms from "ms"; export { ms };`), "cache/x": "" });
    const { status, err } = await runUntilReady(folder.path, {
      BUN_CONFIG_REGISTRY: registry.url.href,
      BUN_INSTALL_CACHE_DIR: join(folder.path, "cache"),
    });
    expect(status).toBe(1);
    expect(err).toStartWith(
      `gafferd: cannot load the plugin in ${folder.path}/p: missing package \`ms\` (imported by `,
    );
    expect(asked).toEqual([]);
    expect(existsSync(join(folder.path, "cache/ms"))).toBe(false);
  });
});

/** Starts the command in a folder without packages, ends it when it listens, and tells its status and what it said. */
async function runUntilReady(pluginsDir: string, env: Record<string, string> = {}) {
  const child = Bun.spawn({
    cmd: [main, "--bind=127.0.0.1:0", `--plugins-dir=${pluginsDir}`],
    cwd: pluginsDir,
    env: { ...process.env, ...env },
    stderr: "pipe",
  });
  let err = "";
  for await (const bytes of child.stderr) {
    err += new TextDecoder().decode(bytes);
    if (err.includes("listens on")) child.kill("SIGTERM");
  }
  return { status: await child.exited, err };
}
