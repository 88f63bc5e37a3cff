import { describe, expect, test } from "bun:test";
import type { PluginConfig } from "gafferd";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { toDaemonSettings } from "../../src/plugin/plugin-config.ts";
import { createFolder, refusal, source, startWith } from "./starting.ts";

const given = globalThis as unknown as { given: PluginConfig };
const reading = source("web-api", { start: "globalThis.given = this.config;" });
const files = { "p/plugin/index.ts": reading, "page/_site/index.html": "" };

test("an app gets its section, unparsed, and the settings of gafferd", async () => {
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

test("the configuration of an app is read-only", async () => {
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

test("settings are copied one template at a time, so that a reload of thousands does not hold up other requests", async () => {
  const ini = Array.from({ length: 10 }, (_, index) => `[process:p${index}]\ncmd = sleep 60\nstart = false\n`).join("");
  using folder = createFolder({ "gaffer.ini": ini });
  const config = loadConfig(join(folder.path, "gaffer.ini"));
  const copying = toDaemonSettings(config, "1.2.3");
  let steps = 0;
  let step = copying.next();
  for (; step.done !== true; step = copying.next()) steps += 1;
  expect(steps).toBe(10);
  expect(step.value.templates).toEqual(config.templates);
  expect(step.value.templates[0]).not.toBe(config.templates[0]);
});

describe("a section", () => {
  test("of a plugin that is not installed is an error that suggests a similar name", async () => {
    expect(await refusal({ files, ini: "[plugin:web-apo]\na = b\n\n[plugin:other]\n" })).toBe(
      "DIR/gaffer.ini:1: [plugin:web-apo] is for a plugin that is not installed; did you mean `web-api`?\n" +
        "DIR/gaffer.ini:4: [plugin:other] is for a plugin that is not installed",
    );
  });

  test("of a site is an error, because a site has no settings", async () => {
    expect(await refusal({ files, ini: "[plugin:page]\na = b\n" })).toBe(
      "DIR/gaffer.ini:1: [plugin:page] is for a site, which has no settings",
    );
  });

  test("with a wrong key is rejected by its plugin, with file, line, section and key", async () => {
    const strict = source("strict").replace("return new A(config)", `throw config.error("b", "must be a number")`);
    const bad = { "p/plugin/index.ts": strict };
    expect(await refusal({ files: bad, ini: "[plugin:strict]\na = 1\nb = x\n" })).toBe(
      "DIR/gaffer.ini:3: [plugin:strict] b: must be a number",
    );
    // A missing key is reported at the section.
    expect(await refusal({ files: bad, ini: "\n[plugin:strict]\na = 1\n" })).toBe(
      "DIR/gaffer.ini:2: [plugin:strict] b: must be a number",
    );
    await expect(startWith({ files: bad, ini: "[plugin:strict]\nb = x\n" })).rejects.toBeInstanceOf(ConfigError);
  });
});

const ini = (made: string, told: string) => `[plugin:made]\nwords = ${made}\n[plugin:told]\nwords = ${told}\n`;

describe("a reload", () => {
  const index = `
    import { Plugin } from "gafferd";
    ${["made", "told"]
      .map(
        (name) => `
      export class ${name} extends Plugin {
        name = "${name}";
        app(config) {
          if (config.section.words === "no") throw config.error("words", "must not be no");
          return new App${name}(config);
        }
      }
      class App${name} {
        constructor({ section }) { this.words = section.words; }
        start(manager) { this.manager = manager; manager.log.info("start " + this.words); }
        stop() { this.manager.log.info("stop " + this.words); }
        ${name === "told" ? `restart({ section }) { this.manager.log.info("restart " + section.words); }` : ""}
      }
    `,
      )
      .join("")}
  `;
  const plugins = { "p/plugin/index.ts": index };

  test("passes the new settings to each app, or creates a new app", async () => {
    await using started = await startWith({ files: plugins, ini: ini("a", "b") });
    const logged = () =>
      started
        .lines("info plugin ")
        .splice(0)
        .map((line) => line.replace("info plugin ", ""));
    started.logged.length = 0;
    started.writeIni(`\n\n${ini("c", "b")}`);
    expect(await started.daemon.reload({ dryRun: false })).toMatchObject({ changed: ["plugin:made"] });
    expect(logged()).toEqual(["made: stop a", "made: start c", "told: restart b"]);
    started.logged.length = 0;
    started.writeIni(ini("c", "d"));
    await started.daemon.reload({ dryRun: false });
    expect(logged()).toEqual(["made: stop c", "made: start c", "told: restart d"]);
    started.logged.length = 0;
    started.writeIni("");
    await started.daemon.reload({ dryRun: false });
    expect(logged()).toEqual(["made: stop c", "made: start undefined", "told: restart undefined"]);
  });

  test("is rejected and changes nothing when a plugin rejects its settings or a section has no plugin", async () => {
    await using started = await startWith({ files: plugins, ini: ini("a", "b") });
    started.logged.length = 0;
    started.writeIni(ini("c", "no"));
    await expect(started.daemon.reload({ dryRun: false })).rejects.toThrow(
      /:4: \[plugin:told\] words: must not be no$/,
    );
    started.writeIni(`${ini("c", "b")}[plugin:nobody]\n`);
    await expect(started.daemon.reload({ dryRun: true })).rejects.toThrow(
      "[plugin:nobody] is for a plugin that is not",
    );
    expect(started.lines()).toEqual([]);
  });
});
