import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { refusal, startWith } from "./starting.ts";

const files = {
  "memory-guard/plugin/index.ts": readFileSync(
    join(import.meta.dir, "../../plugins/memory-guard/plugin/index.ts"),
    "utf8",
  ),
};

/** Allocates this many MiB in a child of the shell, and prints a line when it has. */
const eat = (mebibytes: number) =>
  `sh -c 'bun -e "globalThis.held = Buffer.alloc(${mebibytes} * 2 ** 20, 1); console.log(1); setInterval(() => {}, 1e6)"; true'`;

const guarded = (section: string) => `
[process:web:eater]
cmd = ${eat(300)}
redirect_output = out
[process:modest]
cmd = ${eat(1)}
redirect_output = out
[plugin:memory-guard]
${section}
`;

test("a template is restarted when its processes and their children exceed its limit; others are not", async () => {
  await using started = await startWith({ files, ini: guarded("web:eater = 200m\ninterval = 100ms") });
  const { manager } = started.daemon;
  await waitFor(() => manager.get("web:eater").exits.length > 0, "the restart of the eater");
  expect(manager.get("web:eater").exits[0]?.stopReason).toBe("restart");
  expect(started.lines("memory-guard")[0]).toMatch(
    /^warn plugin memory-guard: restarting web:eater: it uses [2-9]\d\d MiB, its limit is 200 MiB$/,
  );
  await waitFor(() => manager.get("web:eater").processes.length > 0, "its next process");
  expect(manager.get("modest").exits).toEqual([]);
  expect(started.lines("cannot")).toEqual([]);
});

test("the limit of `.` applies to templates without their own", async () => {
  await using started = await startWith({
    files,
    ini: guarded(". = 200m\nmodest = 1k\nweb:eater = 8g\ninterval = 0.1"),
  });
  const { manager } = started.daemon;
  await waitFor(() => manager.get("modest").exits.length > 0, "the restart of the modest one, whose limit is small");
  expect(manager.get("web:eater").exits).toEqual([]);
});

test("without a section it does nothing: no timer, no sample, no app", async () => {
  await using started = await startWith({ files });
  expect(started.daemon.plugins.find("memory-guard")).toMatchObject({ state: "running", answer: undefined });
  expect(started.lines()).toEqual([]);
});

describe("gafferd does not start with a wrong setting", () => {
  test.each([
    ["web = much", 'web: "much" is not a size: write bytes (65536) or a whole number with a unit (64k, 1m, 2g)'],
    ["web = 0", "web: must be more than 0"],
    [
      "interval = often\n. = 1g",
      'interval: "often" is not a duration: write seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)',
    ],
    ["interval = 0\n. = 1g", "interval: must be 100ms or more, not 0"],
    ["interval = 5s", "interval: has no effect without a limit; write `NAME = 200m`, or `. = 1g` for all templates"],
  ])("%s", async (line, message) => {
    expect(await refusal({ files, ini: `[plugin:memory-guard]\n${line}\n` })).toBe(
      `DIR/gaffer.ini:2: [plugin:memory-guard] ${message}`,
    );
  });
});
