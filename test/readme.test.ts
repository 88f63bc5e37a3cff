import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitStatus } from "../src/cli/exit-status.ts";
import { helpText } from "../src/cli/help.ts";
import { loadConfig } from "../src/config/config.ts";
import { ConfigError } from "../src/config/problem.ts";
import { errorCodes } from "../src/errors.ts";
import { eventTypes } from "../src/events/event.ts";
import { statusByCode } from "../src/http/operation/error.ts";
import { hostFamilies } from "../src/http/metrics/host-metrics.ts";
import { processFamilies } from "../src/http/metrics/process-metrics.ts";
import { templateFamilies } from "../src/http/metrics/template-metrics.ts";
import { webhookFamilies } from "../src/http/metrics/webhook-metrics.ts";
import { Sampler } from "../src/process/usage/sampler.ts";
import { templateSchema } from "../src/template/properties.ts";

const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();

test("the README has a section for each place that it links to", () => {
  const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replaceAll(" ", "-"),
  );
  const anchors = [...readme.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor = ""]) => anchor);
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
});

test("the README has the usage that --help prints, and every exit status", () => {
  expect(readme).toContain(helpText().split("\n\n")[0] ?? "");
  const [, sentence = ""] = section("The command line").split("The exit status is");
  for (const status of Object.values(exitStatus)) expect(sentence).toMatch(new RegExp(`(^|[ ,])${status} `));
});

test("the README's table of templates has every key and no other", () => {
  const { name: _, ...keys } = templateSchema.properties;
  const rows = codesOfFirstColumn(section("Describe what to run")).map((key) => key.replace("env:KEY", "env"));
  expect(rows.toSorted()).toEqual(Object.keys(keys).toSorted());
});

test("the README's table of sections names keys that the file takes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-readme-"));
  const file = join(folder, "gaffer.ini");
  await Bun.write(file, iniOfEachKey());
  try {
    loadConfig(file);
    expect.unreachable("keys without a value are errors");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const unknown = error.problems.filter(({ message }) => message.includes("not a known"));
    expect(unknown.map(({ key }) => key)).toEqual(["nonsense"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the README's table of errors has every code beside its status", () => {
  const table = section("Control").slice(section("Control").indexOf("| status"));
  const rows = table.split("\n").filter((line) => /^\| \d/.test(line));
  const told = rows.flatMap((row) => {
    const [, statuses = "", cells = ""] = row.split("|");
    const parts = cells.split(" · ");
    return statuses
      .split("·")
      .flatMap((status, at) => codesOf(parts[at] ?? "").map((code) => `${status.trim()} ${code}`));
  });
  const codes = told.filter((text) => errorCodes.some((code) => text.endsWith(` ${code}`)));
  expect(codes.toSorted()).toEqual(errorCodes.map((code) => `${statusByCode[code]} ${code}`).toSorted());
});

test("the README has the name of every metric", async () => {
  const loopLag = { buckets: [], sumSeconds: 0, count: 0 };
  const families = [
    ...hostFamilies({ version: "1", spawns: 0, loopLag }),
    ...templateFamilies([]),
    ...(await processFamilies([], new Sampler())),
    ...webhookFamilies([]),
  ];
  const told = codesOf(section("Figures"));
  const names = families.map(({ name }) => name.replace("gafferd_", ""));
  expect(names.filter((name) => !told.includes(name))).toEqual([]);
});

test("the README has every type of event", () => {
  const told = codesOf(section("Watch what happens"));
  expect(eventTypes.filter((type) => !told.includes(type))).toEqual([]);
});

/** What stands below a heading, up to the next one. */
function section(title: string): string {
  const [, after] = readme.split(new RegExp(`^#+ ${title}\n`, "m"));
  if (after === undefined) throw new Error(`the README has no section "${title}"`);
  return after.split(/^#+ /m)[0] ?? "";
}

function codesOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

function codesOfFirstColumn(text: string): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("| `") ? codesOf(line.split("|")[1] ?? "") : []));
}

/** A file that has each key of the table once, without a value, and one that nobody knows. */
function iniOfEachKey(): string {
  const [table = ""] = /^\| section and key[^]*?\n\n/m.exec(readme) ?? [];
  const sections: string[] = ["[gaffer]", "nonsense ="];
  for (const code of codesOfFirstColumn(table)) {
    if (code === "[gaffer]") continue;
    sections.push(code.startsWith("[") ? code.replace("NAME", "readme") : `${code} =`);
  }
  return `${sections.join("\n")}\n`;
}
