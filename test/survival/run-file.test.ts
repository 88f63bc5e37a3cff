import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunFile } from "../../src/survival/run-file.ts";
import { parseHostRun, type RunEntry } from "../../src/survival/run-format.ts";
import { openFds } from "../process/observe.ts";
import { silentLog } from "../supervisor/hosting.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

const header = {
  pidScope: { boot: "b", namespace: "n" },
  osPid: 1,
  startTicks: 1,
  configFile: "",
  endMarkers: "a1-end.",
};

function entryOf(osPid: number): RunEntry {
  const marker = `a1-end.${osPid}`;
  const rest = { stopSignalNumber: 15, gracefulTimeoutMs: 10, onHostExit: "kill", killMode: "group" } as const;
  return { osPid, startTicks: osPid, marker, name: "a", ...rest };
}

const open = (name: string, log = silentLog) => new RunFile(join(folder, name), { header, log });
const read = (file: RunFile) => parseHostRun(readFileSync(file.path, "utf8"))?.entries.map(({ osPid }) => osPid);

test("the file exists from the first process until close", () => {
  const file = open("new/one");
  expect(existsSync(join(folder, "new"))).toBe(false);
  file.add(entryOf(1));
  expect(read(file)).toEqual([1]);
  file.close();
  expect(readdirSync(join(folder, "new"))).toEqual([]);
});

test("only its owner can read it", () => {
  const file = open("own/one");
  file.add(entryOf(1));
  expect([statSync(join(folder, "own")).mode & 0o777, statSync(file.path).mode & 0o777]).toEqual([0o700, 0o600]);
  file.close();
});

test("it stays short after many spawns and lists all running processes", () => {
  const fds = openFds();
  const file = open("long");
  file.add(entryOf(1));
  for (let osPid = 2; osPid <= 20_000; osPid++) {
    file.add(entryOf(osPid));
    file.remove(osPid - 1 === 1 ? 0 : osPid - 1);
  }
  const listed = read(file) ?? [];
  expect(listed.length).toBeLessThan(5000);
  expect(listed).toContain(1);
  expect(listed.at(-1)).toBe(20_000);
  file.close();
  expect(openFds()).toBe(fds);
});

test("if it cannot be written, gafferd logs one warning and continues", () => {
  writeFileSync(join(folder, "file"), "");
  const warnings: string[] = [];
  const file = open("file/one", { ...silentLog, warn: (message) => warnings.push(message) });
  file.add(entryOf(1));
  file.add(entryOf(2));
  file.close();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`cannot write ${folder}/file/one: `);
});
