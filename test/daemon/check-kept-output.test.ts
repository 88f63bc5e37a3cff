import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { describeConfig } from "../../src/config/describe.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { findKeptOutputProblems } from "../../src/daemon/check-kept-output.ts";

const folder = mkdtempSync(join(tmpdir(), "check-kept-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "gaffer.ini");

function configWith(keep: string) {
  writeFileSync(path, `[gaffer]\nstate_dir = ${folder}/state\n[process:web]\ncmd = sleep 60\noutput_keep = ${keep}\n`);
  return loadConfig(path);
}

const problems = (keep: string) => findKeptOutputProblems(configWith(keep)).map(formatProblem);

test("`--check` shows how much output is kept on disk", () => {
  expect(describeConfig(configWith("64m, 7d"))).toContain("output kept on disk (at most 67108864 bytes, 604800 s)");
  expect(describeConfig(configWith("off"))).not.toContain("kept on disk");
});

test("`--check` accepts output that has room on the disk, and warns of more", () => {
  expect(problems("1m, 7d")).toEqual([]);
  expect(problems("off")).toEqual([]);
  const [warning, ...others] = findKeptOutputProblems(configWith("900000g"));
  expect(others).toEqual([]);
  expect(warning?.isWarning).toBe(true);
  expect(formatProblem(warning!)).toMatch(
    /gaffer\.ini:5: \[process:web\] output_keep: all templates together keep up to 921600000 MiB, but .* has room for \d+ MiB$/,
  );
});

test("`--check` refuses to keep output where something else than a folder has the name", () => {
  mkdirSync(join(folder, "state/journal"), { recursive: true });
  writeFileSync(join(folder, "state/journal/web"), "");
  expect(problems("1m")).toEqual([
    `${path}:5: [process:web] output_keep: cannot keep output: ${folder}/state/journal/web is not a folder`,
  ]);
});
