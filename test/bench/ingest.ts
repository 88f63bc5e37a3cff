import { join } from "node:path";
import { startChild } from "./child.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { cpuSeconds, isRunning } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";
import { fileBytes, lastLine, type Workspace } from "./workspace.ts";

const dropStdin = join(import.meta.dir, "limits/drop-stdin.ts");
const gigabytes = fileBytes / 1e9;

/** How fast the output of a process enters its ring without readers, compared with a Bun that reads and discards it. */
export const ingest = defineMeasure({
  name: "ingest",
  needs: [],
  figures: { ingest: { what: "ingest, no reader", unit: "GB/s", limit: "a bare Bun that reads and drops", goals: [] } },
  round: async (workspace) => {
    const limit = gigabytes / (await secondsToDrop(workspace));
    const taken = await ingestFile(workspace);
    return { ingest: { value: gigabytes / taken.seconds, limit, cpuSecondsPerGb: taken.cpuSeconds / gigabytes } };
  },
});

async function secondsToDrop({ path, gatedCat, openGate }: Workspace): Promise<number> {
  await whenQuiet();
  await using child = startChild(["sh", "-c", `${gatedCat} | "$0" "$1"`, process.execPath, dropStdin], { cwd: path });
  await child.stdout.match(/^started$/m);
  const startedMs = await openGate();
  await child.stdout.match(/^ended$/m);
  return (performance.now() - startedMs) / 1000;
}

async function ingestFile({ path, gatedCat, openGate }: Workspace): Promise<{ seconds: number; cpuSeconds: number }> {
  await using gafferd = await startGafferd();
  const template = { cmd: gatedCat, cwd: path, redirect_output: ["stdout"], restart: "never" };
  const [pid] = await gafferd.create({ name: "lines", ...template });
  const { os_pid: osPid } = await gafferd.get<{ os_pid: number }>(`/processes/${pid}`);
  const cpuBefore = cpuSeconds(gafferd.osPid);
  const startedMs = await openGate();
  // Without requests to gafferd meanwhile. At most 256 KiB are still in the pipe when the process has exited.
  while (isRunning(osPid)) await Bun.sleep(1);
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = cpuSeconds(gafferd.osPid) - cpuBefore;
  await assertHeld(gafferd, pid);
  return { seconds, cpuSeconds: cpu };
}

async function assertHeld(gafferd: Gafferd, pid: number | undefined): Promise<void> {
  const answer = await fetch(`${gafferd.url}/streams/${pid}/stdout?feed=continuous&tail=1`);
  if ((await answer.text()) !== lastLine) throw new Error("gafferd does not hold the last line of the file");
}
