import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard } from "../../../plugins/dashboard/build.ts";
import { temporaryFolder } from "../../http/listen/listening.ts";

const root = join(import.meta.dir, "../../..");
const sources = join(root, "plugins/dashboard/src");

/** The files of a built site: its page, then the script and the style with hashes in their names. */
const siteFiles = async (folder: string) => {
  const names = await Array.fromAsync(new Bun.Glob("**").scan(folder));
  return [".html", ".js", ".css"].flatMap((extension) => names.filter((name) => name.endsWith(extension)));
};
const hashed = [/^index\.html$/, /^assets\/index-[a-z0-9]{8}\.js$/, /^assets\/index-[a-z0-9]{8}\.css$/];

test("the site is three self-contained files with content hashes in their names", async () => {
  using folder = temporaryFolder();
  await buildDashboard(folder.path);
  const names = await siteFiles(folder.path);
  expect(names).toEqual(hashed.map((pattern) => expect.stringMatching(pattern)));
  expect(await Array.fromAsync(new Bun.Glob("**").scan(folder.path))).toHaveLength(hashed.length);
  const [page = "", script, style] = names;
  const read = (name = "") => Bun.file(join(folder.path, name)).text();
  expect(await read(style)).not.toMatch(/@import|url\((?!data:)/);
  expect((await read(page)).match(/(?:src|href)="(?!data:)[^"]*"/g)).toEqual([
    `href="./${style}"`,
    `src="./${script}"`,
  ]);
  await buildDashboard(folder.path);
  expect(await siteFiles(folder.path)).toEqual(names);
});

test("the dashboard imports only the client of gafferd", async () => {
  const imports = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map(async (name) => [...(await Bun.file(join(sources, name)).text()).matchAll(/(?:from|import) "([^"]+)"/g)]);
  const names = (await Promise.all(imports)).flat().map((match) => match[1] ?? "");
  const packages = new Set(names.filter((name) => !/^\.{1,2}\//.test(name)).map((name) => name.replace(/\.css$/, "")));
  expect([...packages].toSorted()).toEqual([
    "@xterm/addon-fit",
    "@xterm/addon-search",
    "@xterm/xterm",
    "@xterm/xterm/css/xterm",
    "gafferd/client",
    "preact",
    "preact/hooks",
    "uplot",
    "uplot/dist/uPlot.min",
  ]);
});

test("the npm package contains the built site without its sources and their dependencies", async () => {
  await buildDashboard();
  const command = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"];
  const npm = Bun.spawn(command, { cwd: root, stdout: "pipe", stderr: "ignore" });
  const [{ files }] = JSON.parse(await npm.stdout.text()) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path).filter((path) => path.startsWith("plugins/dashboard/"));
  expect(paths.filter((path) => path.includes("/src/"))).toEqual([]);
  const names = paths.map((path) => path.replace("plugins/dashboard/_site/", ""));
  expect(names).toEqual(expect.arrayContaining(hashed.map((pattern) => expect.stringMatching(pattern))));
  const { dependencies } = (await Bun.file(join(root, "package.json")).json()) as { dependencies: object };
  expect(Object.keys(dependencies).filter((name) => /preact|xterm|uplot/.test(name))).toEqual([]);
});
