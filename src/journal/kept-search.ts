import type { Logger } from "../log.ts";
import type { Block } from "./block.ts";
import type { OutputPart } from "./block-meta.ts";
import type { KeptStart } from "./kept-reader.ts";
import { SegmentReader } from "./segment-reader.ts";
import type { Life, Segment, Segments } from "./segments.ts";

export interface KeptScope {
  readonly segments: Segments;
  /** Only this process. */
  readonly processId: number | undefined;
  /** Only this output. */
  readonly label: string | undefined;
  readonly log: Logger;
}

const newline = 10;

/** Where the last `lines` lines on disk begin, over all outputs and boots. The first byte on disk if there are fewer. */
export async function findKeptTail(
  lives: readonly Life[],
  lines: number,
  scope: KeptScope,
): Promise<KeptStart | undefined> {
  let missing = lines;
  for (const life of lives.toReversed()) {
    for (const segment of life.segments.toReversed()) {
      const counts = await countLines(segment, scope);
      const total = counts.values().reduce((sum, count) => sum + count, 0);
      if (total < missing) {
        missing -= total;
        continue;
      }
      const from = [...counts.keys()].findLast((each) => (missing -= counts.get(each) ?? 0) <= 0);
      const ranks: number[] = [];
      await eachPart(segment, scope, (part, data, { meta }) => {
        if (meta.from === from) collectLineRanks(part, data, ranks);
      });
      // So many lines of the block are older than the wanted ones.
      const rank = Float64Array.from(ranks).toSorted()[Math.abs(missing)] ?? 0;
      return { life, start: { kind: "found", ranks: { order: rank, floor: 0 } }, rank, isAfterLoss: false };
    }
  }
  const [oldest] = lives;
  return oldest && { life: oldest, start: { kind: "held" }, rank: 0, isAfterLoss: false };
}

/** The number of line ends by block, identified by its first rank, in order. */
async function countLines(segment: Segment, scope: KeptScope): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  await eachPart(segment, scope, (_, data, { meta }) => {
    let count = 0;
    for (let index = 0; index < data.length; index++) if (data[index] === newline) count += 1;
    counts.set(meta.from, (counts.get(meta.from) ?? 0) + count);
  });
  return counts;
}

/** Where the first byte begins that arrived at `unixMs` or later; undefined if there is none on disk. */
export async function findKeptTime(
  lives: readonly Life[],
  unixMs: number,
  scope: KeptScope,
): Promise<KeptStart | undefined> {
  for (const life of lives) {
    for (const segment of life.segments) {
      if (segment.writtenAtMs < unixMs) continue;
      let rank = Infinity;
      await eachPart(segment, scope, (part) => {
        const entry = part.times.find(([, time]) => time >= unixMs);
        if (entry !== undefined) rank = Math.min(rank, rankAt(part, entry[0]));
      });
      if (rank === Infinity) continue;
      return { life, start: { kind: "found", ranks: { order: rank, floor: rank } }, rank, isAfterLoss: false };
    }
  }
  return undefined;
}

/** Calls `visit` for the parts of a segment that are in the scope. */
async function eachPart(
  segment: Segment,
  { processId, label, log }: KeptScope,
  visit: (part: OutputPart, data: Buffer, block: Block) => void,
): Promise<void> {
  const reader = new SegmentReader({ path: segment.path, limit: () => segment.size });
  const labels = new Map<number, readonly string[]>();
  try {
    for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
      for (const process of block.meta.processes) labels.set(process.pid, process.labels);
      let offset = 0;
      for (const part of block.meta.outputs) {
        const data = block.data.subarray(offset, offset + part.length);
        offset += part.length;
        if (processId !== undefined && part.pid !== processId) continue;
        if (label === undefined || labels.get(part.pid)?.[part.index] === label) visit(part, data, block);
      }
    }
  } catch (error) {
    // The reader of the output logs it.
    log.debug(`cannot search ${segment.path}`, error);
  } finally {
    await reader.close();
  }
}

function collectLineRanks(part: OutputPart, data: Buffer, ranks: number[]): void {
  let run = 0;
  for (let index = data.indexOf(newline); index >= 0; index = data.indexOf(newline, index + 1)) {
    const position = part.at + index;
    while ((part.runs[run + 1]?.[0] ?? Infinity) <= position) run += 1;
    const [at, rank] = part.runs[run] ?? [part.at, 0];
    ranks.push(rank + position - at);
  }
}

/** The rank of the byte at `position`, which is in the part. */
function rankAt(part: OutputPart, position: number): number {
  const [at, rank] = part.runs.findLast(([start]) => start <= position) ?? [part.at, 0];
  return rank + position - at;
}
