import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-kill-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = join(folder, "gaffer.ini");
const state = join(folder, "state");

function configure(cmd: string): void {
  const section = `[process:web]\ncmd = ${cmd}\nrestart = never\noutput_keep = 1g\n`;
  writeFileSync(config, `[gaffer]\nstate_dir = ${state}\n${section}`);
}

test("after a kill -9 in a flood, what was written is read with no line damaged or missing up to the end", async () => {
  configure("seq 1 200000000");
  {
    await using gafferd = await startGafferd([config]);
    await waitFor(() => segmentsIn().length > 1, "the second segment");
    gafferd.kill("SIGKILL");
    await gafferd.exited;
  }
  configure("echo again");
  await using gafferd = await startGafferd([config]);
  const { lines, unknownGaps, lostBytes } = await readLines(
    `${gafferd.url}/streams/web?feed=continuous&format=json&follow=until-exit&tail=99999999`,
  );
  expect(gafferd.err()).not.toContain("error");
  expect(unknownGaps).toBe(1);
  expect(lines.at(-1)).toBe("again");
  const numbers = lines.slice(0, -1).map(Number);
  expect(numbers.length).toBeGreaterThan(100_000);
  const isNext = (number: number, index: number) => {
    const before = numbers[index - 1] ?? 0;
    return lostBytes > 0 ? number > before : number === before + 1;
  };
  expect(numbers.findIndex((number, index) => !isNext(number, index))).toBe(-1);
}, 60_000);

function segmentsIn(): string[] {
  try {
    return readdirSync(join(state, "journal/web"));
  } catch {
    return [];
  }
}

/** All whole lines: those at a gap may be cut. */
async function readLines(url: string) {
  let [all, unknownGaps, lostBytes] = ["", 0, 0];
  const text = await (await fetch(url)).text();
  for (const line of text.trim().split("\n")) {
    const { data, gap } = JSON.parse(line) as { data?: string; gap?: { bytes: number | null } };
    all += data ?? "\ngap\n";
    if (gap?.bytes === null) unknownGaps += 1;
    else lostBytes += gap?.bytes ?? 0;
  }
  const lines = all.trimEnd().split("\n");
  const isCut = (at: number) => [lines[at], lines[at - 1], lines[at + 1]].includes("gap");
  return { lines: lines.filter((_, at) => !isCut(at) || lines[at] === "again"), unknownGaps, lostBytes };
}
