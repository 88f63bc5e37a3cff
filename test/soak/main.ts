/**
 * `bun run soak [SECONDS]`: two minutes, or as long as is said, of everything at once: crash storms, floods, readers that
 * come and go, reloads, scaling up and down; and then whether memory, descriptors and processes are what they were.
 *
 * Cycle after cycle, each of which leaves it as it was; a sample after each, when all is quiet. The first warms it up. The
 * report comes to stdout as Markdown, progress to stderr. The exit status is 1 when a bound of `report.ts` is broken.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { describeMachine } from "../bench/machine.ts";
import { isRunning } from "../bench/proc.ts";
import { waitFor } from "../wait-for.ts";
import { runCycle, soakFile, type Target } from "./cycle.ts";
import { judge, toMarkdown } from "./report.ts";
import { isSettled, type Sample, takeSample } from "./sample.ts";

const [wanted = "120"] = process.argv.slice(2);
const soakSeconds = Number(wanted);
if (!(soakSeconds >= 1)) {
  say(`SECONDS must be a number, 1 or more, not ${wanted}`);
  process.exit(2);
}
/** Readers that were cut off and sockets that were closed are gone by then. */
const quietMs = 1000;
const leastCycles = 3;

const folder = mkdtempSync(join(tmpdir(), "gafferd-soak-"));
const file = join(folder, "gaffer.ini");
await Bun.write(file, soakFile(0));
const gafferd = Bun.spawn({
  cmd: [process.execPath, join(import.meta.dir, "../../src/main.ts"), file],
  stdout: "ignore",
  stderr: "pipe",
});
let said = "";
const saying = (async () => {
  for await (const text of gafferd.stderr.pipeThrough(new TextDecoderStream())) said += text;
})();

const startedMs = performance.now();
const elapsedSeconds = () => (performance.now() - startedMs) / 1000;
const samples: Sample[] = [];
const faults: string[] = [];
try {
  const url = await waitFor(() => /listens on (\S+)/.exec(said)?.[1], "gafferd to listen");
  const client = createClient({ url, fetch: fetchOnce });
  const target: Target = {
    client,
    url,
    async reload(spare) {
      await Bun.write(file, soakFile(spare));
      // Others scale and stop at the same time.
      await client.reload({ keepDrift: true });
    },
  };
  for (let cycle = 0; elapsedSeconds() < soakSeconds || cycle < leastCycles; cycle++) {
    faults.push(...(await runCycle(target, cycle)));
    await waitFor(() => isSettled(client), "all templates to settle", 30_000);
    await Bun.sleep(quietMs);
    const sample = await takeSample(gafferd.pid, url, elapsedSeconds());
    samples.push(sample);
    say(
      `cycle ${cycle}: ${(sample.rssBytes / 1e6).toFixed(0)} MB, ${sample.fds} descriptors, ${sample.spawns} spawned`,
    );
  }
} finally {
  gafferd.kill("SIGTERM");
  const patience = setTimeout(() => gafferd.kill("SIGKILL"), 15_000);
  await gafferd.exited;
  clearTimeout(patience);
  await saying;
  rmSync(folder, { recursive: true, force: true });
}

const endedClean = gafferd.exitCode === 0 && !isRunning(gafferd.pid);
const soak = { machine: describeMachine(), seconds: elapsedSeconds(), samples, faults, endedClean };
process.stdout.write(toMarkdown(soak));
if (!judge(soak).every(({ holds }) => holds)) {
  say(`gafferd said:\n${said}`);
  process.exit(1);
}

function say(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}

/** Connections that were kept would be counted among the descriptors. */
function fetchOnce(address: string, init?: RequestInit): Promise<Response> {
  return fetch(address, { ...init, keepalive: false });
}
