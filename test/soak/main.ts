/**
 * `bun run soak [SECONDS]`: a soak test of gafferd, default 120 seconds. It runs crash storms, floods, readers that connect
 * and disconnect, reloads and scaling all at once, then checks that memory, descriptors and processes have not grown.
 *
 * Each cycle leaves gafferd in its initial state. A sample is taken after each cycle, when gafferd is idle; the first cycle
 * warms it up. Prints a Markdown report to stdout and progress to stderr. The exit status is 1 if a bound of `report.ts` is
 * exceeded.
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
  report(`SECONDS must be a number of at least 1, not ${wanted}`);
  process.exit(2);
}
/** Gives gafferd time to clean up disconnected readers and closed sockets. */
const quietMs = 1000;
const minCycles = 3;

const folder = mkdtempSync(join(tmpdir(), "gafferd-soak-"));
const file = join(folder, "gaffer.ini");
await Bun.write(file, soakFile(0));
const gafferd = Bun.spawn({
  cmd: [process.execPath, join(import.meta.dir, "../../src/main.ts"), file],
  env: { ...process.env, HOME: folder },
  stdout: "ignore",
  stderr: "pipe",
});
let stderrText = "";
const readingStderr = (async () => {
  for await (const text of gafferd.stderr.pipeThrough(new TextDecoderStream())) stderrText += text;
})();

const startedMs = performance.now();
const elapsedSeconds = () => (performance.now() - startedMs) / 1000;
const samples: Sample[] = [];
const faults: string[] = [];
try {
  const url = await waitFor(() => /listens on (\S+)/.exec(stderrText)?.[1], "gafferd to listen");
  const client = createClient({ url, fetch: fetchOnce });
  const target: Target = {
    client,
    url,
    async reload(spare) {
      await Bun.write(file, soakFile(spare));
      // Other steps scale and stop templates at the same time.
      await client.reload({ keepDrift: true });
    },
  };
  for (let cycle = 0; elapsedSeconds() < soakSeconds || cycle < minCycles; cycle++) {
    faults.push(...(await runCycle(target, cycle)));
    await waitFor(() => isSettled(client), "all templates to settle", 30_000);
    await Bun.sleep(quietMs);
    const sample = await takeSample(gafferd.pid, url, elapsedSeconds());
    samples.push(sample);
    report(
      `cycle ${cycle}: ${(sample.rssBytes / 1e6).toFixed(0)} MB, ${sample.fds} descriptors, ${sample.spawns} spawned`,
    );
  }
} finally {
  gafferd.kill("SIGTERM");
  const timer = setTimeout(() => gafferd.kill("SIGKILL"), 15_000);
  await gafferd.exited;
  clearTimeout(timer);
  await readingStderr;
  rmSync(folder, { recursive: true, force: true });
}

const endedCleanly = gafferd.exitCode === 0 && !isRunning(gafferd.pid);
const soak = { machine: describeMachine(), seconds: elapsedSeconds(), samples, faults, endedCleanly };
process.stdout.write(toMarkdown(soak));
if (!judge(soak).every(({ holds }) => holds)) {
  report(`log of gafferd:\n${stderrText}`);
  process.exit(1);
}

function report(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}

/** Without keep-alive, since open connections would count as descriptors. */
function fetchOnce(address: string, init?: RequestInit): Promise<Response> {
  return fetch(address, { ...init, keepalive: false });
}
