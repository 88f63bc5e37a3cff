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
      "the modules of Bun",
      `import { join } from "path"; import { readFileSync } from "node:fs"; import { Database } from "bun:sqlite"; import { sleep } from "bun"; export const all = [join, readFileSync, Database, sleep];`,
    ],
    ["types of missing packages", `import type { Nobody } from "nobody-has-this"; export let nobody: Nobody;`],
    [
      "its own files, including JSON and text",
      `import { x } from "../lib/x"; import data from "../data.json"; import text from "../data.json" with { type: "text" }; export const all = [x, data, text];`,
    ],
    ["a package in its own node_modules", `import own from "own-package"; export { own };`],
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

  test("the client, when gafferd runs from the command line", async () => {
    using folder = createFolder({
      "p/plugin/index.ts": plugin(
        `import { createClient } from "gafferd/client"; if (typeof createClient !== "function") throw new Error("none");`,
      ),
    });
    const { status, err } = await runUntilReady(folder.path);
    expect([status, err]).toEqual([0, expect.stringContaining("listens on")]);
  });
});

describe("a missing package", () => {
  test.each([
    ["directly", "p/plugin/index.ts", plugin(`import ms from "ms"; export { ms };`)],
    ["by one of its files", "p/lib/deep.ts", `export { ms } from "ms";`],
    ["dynamically", "p/lib/deep.ts", `export const later = () => import("ms");`],
    ["by require", "p/lib/deep.ts", `export const later = () => require("ms");`],
    ["by a subpath", "p/lib/deep.ts", `import "ms/part";`],
  ])("is named when it is imported %s", async (_, file, text) => {
    const index = plugin(`import * as deep from "../lib/deep.ts"; export { deep };`);
    const refused = await refusal({ files: { "p/plugin/index.ts": index, "p/lib/deep.ts": "", [file]: text } });
    const specifier = text.includes("ms/part") ? "ms/part" : "ms";
    expect(refused).toStartWith(
      `cannot load the plugin in DIR/p: missing package \`${specifier}\` (imported by DIR/${file}); run \`bun add\` in `,
    );
  });

  test("is reported together with the others", () => {
    using folder = createFolder({ "index.ts": `import "ms"; import "@scope/x/y"; import "node:fs"; import "given";` });
    const file = join(folder.path, "index.ts");
    expect(findMissingImports([file], ["given"])).toEqual([
      { file, specifier: "ms" },
      { file, specifier: "@scope/x/y" },
    ]);
  });
});

describe("packages are never downloaded", () => {
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

  test("and packages in Bun's cache are not run, under any name", async () => {
    const cached = "cache/made-up@1.0.0@@@1/index.js";
    const refused = await refusal({
      files: {
        [cached]: "globalThis.ran = true;",
        "p/plugin/index.ts": plugin(`await import(["../../${cached}"].join(""));`),
      },
    });
    expect(refused).toContain(`cannot load DIR/${cached}: gafferd does not install packages`);
    expect(globalThis).not.toHaveProperty("ran");
  });

  test("for a static import, with a registry and an empty cache", async () => {
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

/** Starts gafferd in a folder without packages, stops it when it listens, and returns its status and output. */
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
