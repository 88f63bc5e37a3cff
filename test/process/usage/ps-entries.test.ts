import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parsePs, psEntries } from "../../../src/process/usage/ps-entries.ts";
import { entryOf } from "../spawned.ts";

const recorded = readFileSync(fileURLToPath(new URL("../../fixtures/ps-macos.txt", import.meta.url)), "utf8");
const nowMs = Date.parse("Sat Jan 31 12:00:10 2026");
const parsed = new Map(parsePs(recorded, { nowMs, readAtMs: 5000 }).map((entry) => [entry.osPid, entry]));

test("the output of `ps` on macOS is parsed", () => {
  const name = "/Users/ada/.bun/bin/bun";
  const commandLine = `${name} run server.ts --title two  spaces`;
  const startedAtMs = nowMs - 10_000;
  expect(parsed.get(81234)).toEqual({
    osPid: 81234,
    parentOsPid: 81230,
    name,
    startedAtMs,
    image: 0,
    ageMs: 10_000,
    readAtMs: 5000,
    cpuMs: 3070,
    nice: 5,
    rssBytes: 45_632 * 1024,
    vmsBytes: 413_208_448 * 1024,
    threads: undefined,
    details: {
      identity: { username: "ada", commandLine, entry: { startedAtMs, image: 0, name, readAtMs: 5000 } },
      openFds: undefined,
      readBytes: undefined,
      writtenBytes: undefined,
    },
  });
});

test("hours of CPU time, single-digit days and negative niceness are parsed", () => {
  expect(parsed.get(1)).toMatchObject({ cpuMs: (123 * 60 + 45) * 1000 + 670, ageMs: 24 * 3600 * 1000 * 30 + 10_000 });
  expect(parsed.get(88)).toMatchObject({ nice: -10, cpuMs: ((2 * 24 + 3) * 3600 + 4 * 60 + 5) * 1000 });
});

test("zombies and malformed lines are left out", () => {
  expect([...parsed.keys()]).toEqual([1, 88, 81230, 81234]);
});

test.skipIf(Bun.which("ps") === null)("the `ps` of this machine agrees with its `/proc`", async () => {
  const own = (await psEntries()).find(({ osPid }) => osPid === process.pid);
  const { parentOsPid, rssBytes, ageMs, cpuMs } = entryOf(process.pid);
  expect(own).toMatchObject({ parentOsPid, nice: 0 });
  expect(own?.details?.identity.commandLine).toContain("bun");
  // Garbage collection between the two readings changes the values; a wrong unit would change them far more.
  expect((own?.rssBytes ?? 0) / rssBytes).toBeWithin(0.3, 3);
  expect(Math.abs((own?.ageMs ?? 0) - ageMs)).toBeLessThan(3000);
  expect(Math.abs((own?.cpuMs ?? 0) - cpuMs)).toBeLessThan(2000);
});
