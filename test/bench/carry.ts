import { startChild } from "./child.ts";
import { startCurl } from "./curl.ts";
import type { Gafferd } from "./gafferd.ts";
import { cpuSeconds } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";
import { fileBytes, fileLines, greeting, type Workspace } from "./workspace.ts";

/** The transfer of the file of lines from a process over loopback to `curl`. */
export interface Carried {
  /** Time from opening the gate to the exit of the last `curl`. */
  readonly seconds: number;
  /** The body that each `curl` received. */
  readonly received: readonly { readonly bytes: number; readonly isWhole: boolean }[];
}

/**
 * `socat -b 65536` listens, runs the process on a connection, and copies: the minimum work of a relay. It gives the process
 * a socket pair, which buffers three times as much as a pipe; with its option `pipes` it is less than half as fast.
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
  /** A value of `output_buffer`. Default: that of gafferd. */
  readonly outputBuffer?: string;
}

/** Transfers the file through a gafferd that is otherwise idle. */
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
 * The bytes of the file in `bytes` of server-sent events, to about 0.1 %. Assumes events of 64 KiB; all lines have the same
 * length. Throws if the overhead is too large, which means that events are small.
 */
export function payloadOfEvents(bytes: number): number {
  const wholeBytes = fileBytes + fileLines * dataField;
  const around = "event: stdout\nid: r123456789a.1.1-12345678\n\n".length / 65_536;
  const payload = (bytes / (1 + around)) * (fileBytes / wholeBytes);
  if (bytes > wholeBytes * (1 + eventsOverhead)) throw new Error(`events take ${bytes} bytes for ${fileBytes}`);
  return Math.min(payload, fileBytes);
}
