import { silentLog } from "../../supervisor/hosting.ts";
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type PluginServing, servePlugins } from "../../http/plugins/plugin-folder.ts";

const read = async ({ url }: PluginServing, path: string) => await (await fetch(`${url}${path}`)).text();

describe("when gafferd starts", () => {
  test("the content of a site without code is moved to `_site`, keeping its mode", async () => {
    await using serving = await servePlugins({
      "plain/index.html": "plain",
      "plain/.well-known/x": "x",
      "full/_site/a": "a",
    });
    expect(readdirSync(join(serving.folder, "plain"))).toEqual(["_site"]);
    expect(readdirSync(join(serving.folder, "plain/_site")).toSorted()).toEqual([".well-known", "index.html"]);
    expect(readdirSync(join(serving.folder, "full/_site"))).toEqual(["a"]);
    expect(await read(serving, "/_plugin/plain/")).toBe("plain");
    expect(readdirSync(serving.folder).toSorted()).toEqual(["full", "plain"]);
    expect(serving.warnings).toEqual([]);
  });

  test("an interrupted move is completed", async () => {
    await using first = await servePlugins({ ".adopting-cut/_site/index.html": "cut", "other/index.html": "o" });
    expect(await read(first, "/_plugin/cut/")).toBe("cut");
    expect(readdirSync(first.folder).toSorted()).toEqual(["cut", "other"]);
  });

  test("a folder with code, an empty one, a hidden one and a link are not changed", async () => {
    await using serving = await servePlugins({
      "coded/plugin/readme.md": "no module",
      ".hidden/index.html": "x",
      "target/_site/index.html": "t",
    });
    expect(readdirSync(join(serving.folder, "coded"))).toEqual(["plugin"]);
    expect(readdirSync(join(serving.folder, ".hidden"))).toEqual(["index.html"]);
  });
});

test("moving a site does not change links and empty folders in it", async () => {
  const { adoptSites } = await import("../../../src/plugin/site/adopt.ts");
  await using serving = await servePlugins({});
  const outside = join(serving.folder, "../outside");
  mkdirSync(outside);
  mkdirSync(join(serving.folder, "empty"));
  await Bun.write(join(outside, "index.html"), "outside");
  symlinkSync(outside, join(serving.folder, "link"));
  adoptSites([{ folder: serving.folder, bundled: false, only: "all" }], silentLog);
  expect(lstatSync(join(serving.folder, "link")).isSymbolicLink()).toBe(true);
  expect(readdirSync(outside)).toEqual(["index.html"]);
  expect(readdirSync(join(serving.folder, "empty"))).toEqual([]);
  expect(await read(serving, "/_plugin/link/")).toBe("outside");
});

test("an interrupted move leaves the site unchanged or completely moved", async () => {
  // If only the first of the two renames was done, the content is in the `.adopting-` folder.
  await using serving = await servePlugins({ "cut/index.html": "cut" });
  renameSync(join(serving.folder, "cut"), join(serving.folder, ".adopting-cut"));
  const { adoptSites } = await import("../../../src/plugin/site/adopt.ts");
  mkdirSync(join(serving.folder, ".adopting-none"));
  adoptSites([{ folder: serving.folder, bundled: false, only: "all" }], silentLog);
  expect(readdirSync(serving.folder)).toEqual(["cut"]);
});

test.skipIf(process.getuid?.() !== 0)("a site that cannot be moved is served where it is, with a warning", async () => {
  await using serving = await servePlugins({});
  serving.write("fixed/index.html", "fixed");
  chmodSync(join(serving.folder, ".."), 0o755);
  chownSync(serving.folder, 0, 0);
  chmodSync(serving.folder, 0o755);
  const script = `
    const { adoptSites } = await import(${JSON.stringify(join(import.meta.dir, "../../../src/plugin/site/adopt.ts"))});
    process.setgid(65534); process.setuid(65534);
    const warn = (message) => console.log(message);
    adoptSites([{ folder: ${JSON.stringify(serving.folder)}, bundled: false, only: "all" }], { warn });`;
  const { stdout, stderr } = Bun.spawnSync({ cmd: [process.execPath, "-e", script] });
  expect(stderr.toString()).toBe("");
  const site = join(serving.folder, "fixed");
  expect(stdout.toString()).toBe(
    `cannot move the site in ${site} to ${site}/_site: permission denied; serving it where it is\n`,
  );
  expect(existsSync(join(site, "index.html"))).toBe(true);
  expect(await read(serving, "/_plugin/fixed/")).toBe("fixed");
});
