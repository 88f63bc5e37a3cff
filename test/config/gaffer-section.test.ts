import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { join } from "node:path";
import { createFolder } from "./folder.ts";

const { folder, load, problemsOf } = createFolder();

const gaffer = (lines: string) => load(`[gaffer]\n${lines}`).gaffer;

test("plugins_dir has a second name, plugin_dir, and is relative to the file", () => {
  expect(gaffer("plugins_dir = a").pluginsDir).toBe(join(folder, "a"));
  expect(gaffer("plugin_dir = ~/b").pluginsDir).toBe(join(homedir(), "b"));
  expect(problemsOf("[gaffer]\nplugins_dir = a\nplugin_dir = b")).toEqual([
    "gaffer.ini:3: [gaffer] plugin_dir: is another name for `plugins_dir`, which is also set; remove one",
  ]);
});

test("state_dir is in the home directory by default", () => {
  expect(gaffer("").stateDir).toBe(join(homedir(), ".gafferd", "state"));
  expect(gaffer("state_dir = s").stateDir).toBe(join(folder, "s"));
});

test.each([
  ["all", "all"],
  ["none", []],
  ["dashboard", ["dashboard"]],
  ["dashboard, metrics", ["dashboard", "metrics"]],
])("bundled_plugins = %p loads %j", (text, plugins) => {
  expect(gaffer(`bundled_plugins = ${text}`).bundledPlugins).toEqual(plugins as string[]);
});

test("origins have the form that browsers send", () => {
  expect(gaffer("cors_origins = https://Example.org, http://localhost:3000/").corsOrigins).toEqual([
    "https://example.org",
    "http://localhost:3000",
  ]);
});

test.each([
  ["bundled_plugins =", "bundled_plugins: must be `all`, `none` or plugin names, but is empty"],
  ["bundled_plugins = all, x", "bundled_plugins: must be `all`, `none` or plugin names, not a mixture"],
  ["plugins_dir =", "plugins_dir: must be a path, but is empty"],
  ["cors_origins = *", "cors_origins: must not be `*`, which would let every web page call the API; list the origins"],
  [
    "cors_origins = https://a.org/x",
    'cors_origins: must be origins such as https://example.org, not "https://a.org/x"',
  ],
  ["on_hang = stop", 'on_hang: must be `log` or `restart`, not "stop"'],
  ["memory_limit = 64", 'memory_limit: must be 1m or more, not "64"'],
  ["hang_timeout = 0.5", 'hang_timeout: must be 1s to 1h, not "0.5"'],
  ["on_crash = always", 'on_crash: must be `stop` or `restart`, not "always"'],
  ["cors_origins = file:///", 'cors_origins: must be origins such as https://example.org, not "file:///"'],
  ["cors_origins = a.org", 'cors_origins: must be origins such as https://example.org, not "a.org"'],
  ["http_endpoint = a", "http_endpoint: unknown key; did you mean `http_endpoints`?"],
])("the line %j is refused", (line, problem) => {
  expect(problemsOf(`[gaffer]\n${line}`)).toEqual([`gaffer.ini:2: [gaffer] ${problem}`]);
});
