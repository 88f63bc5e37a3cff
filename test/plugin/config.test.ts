import { describe, expect, test } from "bun:test";
import type { PluginConfig } from "gafferd";
import { ConfigError } from "../../src/config/problem.ts";
import { refusal, source, startWith } from "./starting.ts";

const given = globalThis as unknown as { given: PluginConfig };
const index = source("web:api".replace(":", "-"), { start: "globalThis.given = this.config;" });
const files = { "p/plugin/index.ts": index, "page/_site/index.html": "" };

test("an app is made with its section, as it stands, and the settings of gafferd", async () => {
  const ini = `
[gaffer]
cors_origins = https://example.org
[process:x]
cmd = sleep 60
start = false
[plugin:web-api]
Key = "as it stands" ; all of it
web:api = 200m
url: http://a/b
`;
  await using started = await startWith({ files, ini });
  const { section, settings } = given.given;
  expect(section).toEqual({ Key: '"as it stands" ; all of it', "web:api": "200m", url: "http://a/b" });
  expect(settings.version).toBe("1.2.3");
  expect(settings.gaffer).toMatchObject({ pluginsDir: started.folder, corsOrigins: ["https://example.org"] });
  expect(settings.templates.map(({ name }) => name)).toEqual(["x"]);
  expect(settings.endpoints.map(({ name }) => name)).toEqual(["default"]);
  expect(settings).not.toHaveProperty("webhooks");
});

test("nothing of it can be changed", async () => {
  await using started = await startWith({ files, ini: "[process:x]\ncmd = sleep 60\nstart = false\n" });
  const config = given.given as unknown as Record<string, never>;
  expect(given.given.section).toEqual({});
  const attempts: readonly (() => void)[] = [
    () => Object.assign(config, { section: {} }),
    () => Object.assign(given.given.section, { a: "b" }),
    () => Object.assign(given.given.settings.gaffer, { pluginsDir: "/" }),
    () => Object.assign(given.given.settings.templates[0] ?? {}, { cmd: "x" }),
    () => (given.given.settings.templates as unknown as unknown[]).push(1),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(TypeError);
  expect(started.daemon.manager.get("x").template.cmd).toBe("sleep 60");
});

describe("a section", () => {
  test("of a plugin that is not installed is an error that offers the nearest", async () => {
    expect(await refusal({ files, ini: "[plugin:web-apo]\na = b\n\n[plugin:other]\n" })).toBe(
      "DIR/gaffer.ini:1: [plugin:web-apo] is for a plugin that is not installed; did you mean `web-api`?\n" +
        "DIR/gaffer.ini:4: [plugin:other] is for a plugin that is not installed",
    );
  });

  test("of a site is an error: nobody reads it", async () => {
    expect(await refusal({ files, ini: "[plugin:page]\na = b\n" })).toBe(
      "DIR/gaffer.ini:1: [plugin:page] is for a site, which reads no settings",
    );
  });

  test("with a wrong key is refused by its plugin, with file, line, section and key", async () => {
    const strict = source("strict").replace("return new A(config)", `throw config.error("b", "must be a number")`);
    const bad = { "p/plugin/index.ts": strict };
    expect(await refusal({ files: bad, ini: "[plugin:strict]\na = 1\nb = x\n" })).toBe(
      "DIR/gaffer.ini:3: [plugin:strict] b: must be a number",
    );
    // A key that is missing: at the section.
    expect(await refusal({ files: bad, ini: "\n[plugin:strict]\na = 1\n" })).toBe(
      "DIR/gaffer.ini:2: [plugin:strict] b: must be a number",
    );
    await expect(startWith({ files: bad, ini: "[plugin:strict]\nb = x\n" })).rejects.toBeInstanceOf(ConfigError);
  });
});
