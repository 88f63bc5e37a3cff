import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLines, countSleeps } from "../process/spawn/command-line.ts";
import { startHosted } from "../process/hosted.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-death-"));
afterAll(() => rmSync(folder, { recursive: true }));

const deaths = 50;
const maxLifeMs = 120;
const wanted = 4;

/** A number of seconds that only the command lines of one template contain. */
const mark = (round: number | "file") => `7${process.pid}.${round === "file" ? "1" : `2${round}`}`;
/** Each process has two sleeps. One has left the process group, and both ignore the stop signal. */
const command = (round: number | "file") =>
  `sh -c "trap '' TERM; setsid sleep ${mark(round)} & exec sleep ${mark(round)}"`;
const graceSeconds = 0.1;
const sleeps = () => countSleeps(`7${process.pid}.`);

test(`${deaths} times killed while templates are created and scaled: no process runs twice, and none remains`, async () => {
  const ini = `[process:file]\ncmd = ${command("file")}\nnumprocesses = ${wanted}\ngraceful_timeout = ${graceSeconds}\n`;
  for (let round = 0; round < deaths; round++) {
    await using hosted = await startHosted({ ini, folder });
    const { gafferd, ask, create } = hosted;
    // It listens after the processes of the previous gafferd have exited.
    const before = sleeps();
    expect(before.get(mark("file")) ?? 0).toBeLessThanOrEqual(2 * wanted);
    expect([...before.keys()].filter((each) => each !== mark("file"))).toEqual([]);
    const work = [
      create({ name: "made", cmd: command(round), graceful_timeout: graceSeconds, persist: false }).catch(
        () => undefined,
      ),
      ...[3, 2].map((count) => ask("POST", `/processes/file/_add/${count}`).catch(() => undefined)),
      ask("POST", "/processes/file/_sub/5").catch(() => undefined),
    ];
    await Bun.sleep(Math.random() * maxLifeMs);
    gafferd.kill("SIGKILL");
    await Promise.all([gafferd.exited, ...work]);
  }
  await waitFor(() => sleeps().size === 0, "the end of all sleeps", 15_000);
  await waitFor(() => guardians() === 0, "the end of the guardians", 15_000);
}, 180_000);

function guardians(): number {
  return commandLines().filter(
    (words) => words.includes("gafferd-guardian") && words.some((each) => each.startsWith(folder)),
  ).length;
}
