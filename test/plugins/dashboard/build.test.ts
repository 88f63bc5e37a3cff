import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard } from "../../../plugins/dashboard/build.ts";
import { temporaryFolder } from "../../http/listen/listening.ts";

const root = join(import.meta.dir, "../../..");
const sources = join(root, "plugins/dashboard/src");

test("the site is three files that need no others", async () => {
  using folder = temporaryFolder();
  await buildDashboard(folder.path);
  expect(readdirSync(folder.path).toSorted()).toEqual(["dashboard.css", "dashboard.js", "index.html"]);
  const [css, html] = await Promise.all(
    ["dashboard.css", "index.html"].map((name) => Bun.file(join(folder.path, name)).text()),
  );
  expect(css).not.toMatch(/@import|url\((?!data:)/);
  expect(html?.match(/(?:src|href)="(?!data:)[^"]*"/g)).toEqual(['href="./dashboard.css"', 'src="./dashboard.js"']);
});

test("the dashboard knows gafferd by its client alone, as a stranger would", async () => {
  const imports = readdirSync(sources)
    .filter((name) => /\.tsx?$/.test(name))
    .map(async (name) => [...(await Bun.file(join(sources, name)).text()).matchAll(/(?:from|import) "([^"]+)"/g)]);
  const names = (await Promise.all(imports)).flat().map((match) => match[1] ?? "");
  const packages = new Set(names.filter((name) => !name.startsWith("./")).map((name) => name.replace(/\.css$/, "")));
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

test("the npm package brings the site built, without its sources, and needs none of what they are made of", async () => {
  await buildDashboard();
  const command = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"];
  const npm = Bun.spawn(command, { cwd: root, stdout: "pipe", stderr: "ignore" });
  const [{ files }] = JSON.parse(await npm.stdout.text()) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path).filter((path) => path.startsWith("plugins/dashboard/"));
  expect(paths.filter((path) => path.includes("/src/"))).toEqual([]);
  expect(paths).toEqual(
    expect.arrayContaining(
      ["index.html", "dashboard.js", "dashboard.css"].map((each) => `plugins/dashboard/_site/${each}`),
    ),
  );
  const { dependencies } = (await Bun.file(join(root, "package.json")).json()) as { dependencies: object };
  expect(Object.keys(dependencies).filter((name) => /preact|xterm|uplot/.test(name))).toEqual([]);
});
