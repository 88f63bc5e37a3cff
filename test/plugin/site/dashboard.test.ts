import { afterAll, expect, test } from "bun:test";
import { noPlugins } from "../../../src/plugin/plugins.ts";
import { hasDashboard } from "../../../src/plugin/site/dashboard.ts";
import { createFolder } from "../starting.ts";

const shipped = createFolder({ "dashboard/_site/index.html": "", "other/_site/index.html": "" });
const empty = createFolder({ "dashboard/plugin/index.ts": "" });
afterAll(() => {
  shipped[Symbol.dispose]();
  empty[Symbol.dispose]();
});

test.each([
  ["is found when it ships with gafferd", shipped.path, "all", true],
  ["is found when it is one of the wanted plugins", shipped.path, ["dashboard"], true],
  ["is not found when only others are wanted", shipped.path, ["other"], false],
  ["is not found without a page", empty.path, "all", false],
  ["is not found without its folder", "/no/such/folder", "all", false],
] as const)("a dashboard %s", async (_, folder, only, expected) => {
  expect(await hasDashboard({ ...noPlugins, roots: [{ folder, only, bundled: true }] })).toBe(expected);
});
