import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { ping } from "./ping.ts";
import { cpuSeconds, isRunning } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";
import { percentile } from "./statistics.ts";
import { fileBytes, greeting, type Workspace } from "./workspace.ts";

const gigabytes = fileBytes / 1e9;

/** How fast output is written to disk, compared with `cat`, and what that costs the process that writes it. */
export const journal = defineMeasure({
  name: "journal",
  needs: [],
  figures: {
    flood: {
      what: "flood with `output_keep`",
      unit: "GB/s",
      limit: "without it",
      goals: [{ of: "ratio", bound: "≥", value: 0.7 }],
    },
    disk: {
      what: "256 MB on disk",
      unit: "s",
      limit: "`cat > file`",
      goals: [{ of: "value", bound: "≤", value: 0.6 }],
    },
    ping: {
      what: "`/ping` beside a flood with `output_keep`, p99",
      unit: "ms",
      limit: "without it",
      goals: [{ of: "value", bound: "<", value: 20 }],
    },
  },
  round: async (workspace) => {
    const limit = await flood(workspace, {});
    const kept = await flood(workspace, { output_keep: "8g" });
    const share = 0.256 / gigabytes;
    const cat = await secondsOfCat(workspace);
    return {
      flood: {
        value: gigabytes / kept.seconds,
        limit: gigabytes / limit.seconds,
        cpuSecondsPerGb: kept.cpuSeconds / gigabytes,
        also: { lostBytes: kept.lostBytes },
      },
      disk: { value: kept.diskSeconds * share, limit: cat * share },
      ping: { value: kept.pingP99Ms, limit: limit.pingP99Ms },
    };
  },
});

interface Flooded {
  /** Until the process has exited. */
  readonly seconds: number;
  /** Until the last byte is on disk. */
  readonly diskSeconds: number;
  readonly cpuSeconds: number;
  /** Missing on disk. */
  readonly lostBytes: number;
  readonly pingP99Ms: number;
}

const pingMs = 1000;

/** Floods once for the rate, and once beside `/ping`. */
async function flood(workspace: Workspace, settings: object): Promise<Flooded> {
  const alone = await floodOnce(workspace, settings);
  const { pings } = await floodOnce(workspace, settings, pingMs);
  return { ...alone, pingP99Ms: percentile(pings, 99) };
}

async function floodOnce({ path, gatedCat, openGate }: Workspace, settings: object, pingForMs = 0) {
  await using gafferd = await startGafferd();
  const template = { cmd: gatedCat, cwd: path, redirect_output: ["stdout"], restart: "never", ...settings };
  const [pid] = await gafferd.create({ name: "lines", ...template });
  const { os_pid: osPid } = await gafferd.get<{ os_pid: number }>(`/processes/${pid}`);
  const cpuBefore = cpuSeconds(gafferd.osPid);
  const startedMs = await openGate();
  const pinging = pingForMs > 0 ? ping(gafferd.url, pingForMs) : [];
  while (isRunning(osPid)) await Bun.sleep(1);
  const seconds = (performance.now() - startedMs) / 1000;
  const isKept = "output_keep" in settings;
  let lostBytes = 0;
  for (let writtenBytes = isKept ? 0 : fileBytes; writtenBytes + lostBytes < fileBytes;) {
    const metrics = await (await fetch(`${gafferd.url}/metrics`)).text();
    writtenBytes = read(metrics, "gafferd_template_kept_written_bytes_total");
    lostBytes = read(metrics, "gafferd_template_kept_lost_bytes_total");
  }
  const diskSeconds = (performance.now() - startedMs) / 1000;
  const cpu = cpuSeconds(gafferd.osPid) - cpuBefore;
  return { seconds, diskSeconds, cpuSeconds: cpu, lostBytes, pings: await pinging };
}

function read(metrics: string, name: string): number {
  return Number(new RegExp(`^${name}\\S* (\\d+)`, "m").exec(metrics)?.[1] ?? 0);
}

async function secondsOfCat({ path, gatedCat, openGate }: Workspace): Promise<number> {
  await whenQuiet();
  const folder = mkdtempSync(join(tmpdir(), "gafferd-bench-cat-"));
  try {
    const target = join(folder, "copy");
    await using child = startChild(["sh", "-c", `${gatedCat} > "$0"; echo ended`, target], { cwd: path });
    const startedMs = await openGate();
    await child.stdout.match(/^ended$/m);
    const seconds = (performance.now() - startedMs) / 1000;
    if (Bun.file(target).size !== fileBytes + greeting.length) throw new Error("cat has not copied the file");
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
