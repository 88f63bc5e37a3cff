import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitStatus } from "../../src/cli/exit-status.ts";
import { helpText } from "../../src/cli/help.ts";
import { definitionEntries } from "../../src/cli/options.ts";
import { loadConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { errorCodes } from "../../src/errors.ts";
import { eventTypes } from "../../src/events/event.ts";
import { hostFamilies } from "../../src/http/metrics/host-metrics.ts";
import { leaseFamilies } from "../../src/http/metrics/lease-metrics.ts";
import { processFamilies } from "../../src/http/metrics/process-metrics.ts";
import { journalFamilies } from "../../src/http/metrics/journal-metrics.ts";
import { templateFamilies } from "../../src/http/metrics/template-metrics.ts";
import { runFamilies } from "../../src/http/metrics/run-metrics.ts";
import { Runs, type RunsOptions } from "../../src/runs/runs.ts";
import { webhookFamilies } from "../../src/http/metrics/webhook-metrics.ts";
import { statusByCode } from "../../src/http/operation/error.ts";
import { Leases } from "../../src/leases/leases.ts";
import { Sampler } from "../../src/process/usage/sampler.ts";
import { finishNow } from "../../src/slices.ts";
import { templateSchema } from "../../src/template/properties.ts";
import { parseSecret, sign } from "../../src/webhook/signature.ts";
import { recordWarnings } from "../recorded-log.ts";
import { codesOf, codesOfFirstColumn, readPage, type Section, sectionOf, sectionsOf } from "./page.ts";

test("the page on the command line has the usage that --help prints", () => {
  expect(readPage("docs/command-line.md")).toContain(helpText().split("\n\n")[0] ?? "");
});

test("the page on the command line has a heading for every option", () => {
  const told = sectionsOf(readPage("docs/command-line.md")).flatMap(({ title }) =>
    codesOf(title).map((option) => option.replace(/[ =].*$/, "").replace(/^-+/, "")),
  );
  expect(definitionEntries.map(([name]) => name).filter((name) => !told.includes(name))).toEqual([]);
});

test("the page on the command line has every exit status", () => {
  const told = codesOf(sectionOf("docs/command-line.md", "Exit status"));
  expect(Object.values(exitStatus).filter((status) => !told.includes(String(status)))).toEqual([]);
});

test("the page on configuration has a heading for every key of a template and no other", () => {
  const { name: _, ...keys } = templateSchema.properties;
  expect(keysOf("[process:NAME]").toSorted()).toEqual(Object.keys(keys).toSorted());
});

test("the page on configuration has the type and the default of every key", () => {
  const without = configurationKeys().filter(({ text }) => !/^\nType: .*\.( Default: .*\.| Required\.)/.test(text));
  expect(without.map(({ title }) => title)).toEqual([]);
});

test("the page on configuration has sections and keys that the file takes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-docs-"));
  const file = join(folder, "gaffer.ini");
  await Bun.write(file, iniOfEachKey());
  try {
    loadConfig(file);
    expect.unreachable("keys without a value are errors");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const unknown = error.problems.filter(({ message }) => message.includes("unknown key"));
    // The API takes `persist`, and this page describes all settings of a template.
    expect(unknown.map(({ key }) => key)).toEqual(["persist", "nonsense"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the page on errors has a heading for every code, with its status", () => {
  const told = sectionsOf(readPage("docs/errors.md"))
    .filter(({ level }) => level === 2)
    .map(({ title, text }) => `${title} ${/^\nStatus (\d+)/.exec(text)?.[1]}`);
  expect(told.toSorted()).toEqual(errorCodes.map((code) => `\`${code}\` ${statusByCode[code]}`).toSorted());
});

test("the page on metrics has every metric and no other", async () => {
  const loopLag = { buckets: [], sumSeconds: 0, count: 0 };
  const families = [
    ...hostFamilies({ version: "1", spawns: 0, loopLag }),
    ...finishNow(templateFamilies([])),
    ...finishNow(processFamilies([], await new Sampler().sample([], 0))),
    ...finishNow(leaseFamilies(new Leases({ log: recordWarnings().log }))),
    ...runFamilies({ list: () => [], counts: new Runs({} as RunsOptions).counts }),
    ...finishNow(webhookFamilies([])),
    ...finishNow(journalFamilies([])),
  ];
  const told = codesOfFirstColumn(sectionOf("docs/metrics.md", "Prometheus"));
  expect(told.toSorted()).toEqual(families.map(({ name }) => name).toSorted());
});

test("the page on streaming has every type of event", () => {
  const told = codesOf(sectionOf("docs/streaming.md", "Events"));
  expect(eventTypes.filter((type) => !told.includes(type))).toEqual([]);
});

test("the delivery on the page on webhooks is signed with the secret that the page shows", () => {
  const page = readPage("docs/webhooks.md");
  const [, secret = ""] = /^secret = (\S+)$/m.exec(page) ?? [];
  const header = (name: string): string => new RegExp(`^webhook-${name}: (.*)$`, "m").exec(page)?.[1] ?? "";
  const [, body = ""] = /^webhook-signature: .*\n\n(.*)$/m.exec(page) ?? [];
  const message = { id: header("id"), timestampSeconds: Number(header("timestamp")), body };
  expect(header("signature")).toBe(sign(parseSecret(secret), message));
});

/** The headings of keys, "### `cmd`", below the heading of a section, "## `[process:NAME]`". */
function keysOf(section: string): string[] {
  const sections = sectionsOf(readPage("docs/configuration.md"));
  const from = sections.findIndex(({ title }) => title === `\`${section}\``) + 1;
  const length = sections.slice(from).findIndex(({ level }) => level < 3);
  return sections.slice(from, from + length).flatMap(({ title }) => codesOf(title));
}

function configurationKeys(): Section[] {
  return sectionsOf(readPage("docs/configuration.md")).filter(({ level, title }) => level === 3 && title[0] === "`");
}

/** A file that has each section and key of the page once, without a value, and one key that is unknown. */
function iniOfEachKey(): string {
  const sections = sectionsOf(readPage("docs/configuration.md"))
    .filter(({ level, title }) => level === 2 && title.startsWith("`["))
    .flatMap(({ title }) => codesOf(title));
  const lines = sections.flatMap((section) => [
    section.replace("NAME", "docs"),
    ...keysOf(section).map((key) => `${key === "env" ? "env:KEY" : key} =`),
  ]);
  return [...lines, "[env:docs]", "[endpoint:other]", "nonsense =", ""].join("\n");
}
