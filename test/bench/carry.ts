import { startChild } from "./child.ts";
import { startCurl } from "./curl.ts";
import type { Gafferd } from "./gafferd.ts";
import { cpuSeconds } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";
import { fileBytes, fileLines, greeting, type Workspace } from "./workspace.ts";

/** What became of the file of lines on its way from a process over loopback to `curl`. */
export interface Carried {
  /** From the moment the process may write to the exit of the last `curl`. */
  readonly seconds: number;
  /** What each `curl` got, without what HTTP adds. */
  readonly received: readonly { readonly bytes: number; readonly isWhole: boolean }[];
}

/**
 * `socat -b 65536` listens, runs the process on a connection, and copies: the least that a relay can do. It gives the
 * process a pair of sockets, which hold three times what a pipe does; with `pipes` it is less than half as fast.
 */
export async function carryThroughSocat({ path, gatedCat, openGate }: Workspace): Promise<Carried> {
  await whenQuiet();
  const listen = "TCP4-LISTEN:0,bind=127.0.0.1";
  await using socat = startChild(["socat", "-d", "-d", "-b", "65536", listen, `EXEC:${gatedCat}`], { cwd: path });
  const [, port] = await socat.stderr.match(/listening on AF=2 [\d.]+:(\d+)/);
  const curl = startCurl(`http://127.0.0.1:${port}/`, path, { headless: true });
  const startedMs = await openGate();
  const { bytes } = await curl.finished;
  const seconds = (performance.now() - startedMs) / 1000;
  if (bytes !== greeting.length + fileBytes) throw new Error(`socat carried ${bytes} bytes of ${fileBytes}`);
  return { seconds, received: [{ bytes, isWhole: true }] };
}

let count = 0;

export interface CarryOptions {
  readonly feed: "continuous" | "eventsource";
  readonly readers: number;
  readonly lossless: boolean;
  /** As `output_buffer` takes it. Absent: the default. */
  readonly outputBuffer?: string;
}

/** Through a gafferd that carries nothing else. */
export async function carryThroughGafferd(
  gafferd: Gafferd,
  { path, gatedCat, openGate }: Workspace,
  { feed, readers, lossless, outputBuffer }: CarryOptions,
): Promise<Carried & { readonly cpuSeconds: number }> {
  await whenQuiet();
  const [pid] = await gafferd.create({
    name: `lines-${count++}`,
    cmd: gatedCat,
    cwd: path,
    redirect_output: ["stdout"],
    restart: "never",
    ...(outputBuffer === undefined ? {} : { output_buffer: outputBuffer }),
  });
  const url = `${gafferd.url}/streams/${pid}/stdout?feed=${feed}&lossless=${lossless}`;
  const curls = Array.from({ length: readers }, () => startCurl(url, path));
  await Promise.all(curls.map((curl) => curl.connected()));
  const cpuBefore = cpuSeconds(gafferd.osPid);
  const startedMs = await openGate();
  const received = await Promise.all(curls.map(({ finished }) => finished));
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, received, cpuSeconds: cpuSeconds(gafferd.osPid) - cpuBefore };
}

const dataField = "data: ".length;
const eventsOverhead = 0.01;

/**
 * The file's bytes among `bytes` of server-sent events, to some 0.1 %: all lines are equally long, and what stands around
 * those of an event is taken for what it is when events hold 64 KiB. Throws when that cannot be: then events are small.
 */
export function payloadOfEvents(bytes: number): number {
  const wholeBytes = fileBytes + fileLines * dataField;
  const around = "event: stdout\nid: r123456789a.1.1-12345678\n\n".length / 65_536;
  const payload = (bytes / (1 + around)) * (fileBytes / wholeBytes);
  if (bytes > wholeBytes * (1 + eventsOverhead)) throw new Error(`events take ${bytes} bytes for ${fileBytes}`);
  return Math.min(payload, fileBytes);
}
