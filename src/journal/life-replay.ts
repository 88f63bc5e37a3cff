import { bootId } from "../boot.ts";
import type { Logger } from "../log.ts";
import type { Ring } from "../output/ring.ts";
import { OutputReader, type OutputReaderOptions } from "../reading/output-reader.ts";
import type { OutputSource } from "../reading/output-source.ts";
import { type OutputStart, startingPoint } from "../reading/output-start.ts";
import type { StreamPosition } from "../reading/stream-position.ts";
import type { Block } from "./block.ts";
import { LifeBlocks } from "./life-blocks.ts";
import { ReplaySource } from "./replay-source.ts";
import type { Life, Segments } from "./segments.ts";

export interface LifeReplayOptions {
  readonly name: string;
  readonly segments: Segments;
  readonly life: Life;
  /** Reads only this process. */
  readonly processId: number | undefined;
  readonly start: OutputStart;
  /** The rank at which the reader starts; 0 for the first byte on disk. */
  readonly rank: number;
  readonly readerOptions: Omit<OutputReaderOptions, "start">;
  readonly log: Logger;
}

/** A reader of one boot of a template, with the blocks that it has not read yet. */
export interface LifeReplay {
  readonly life: Life;
  readonly source: ReplaySource;
  readonly reader: OutputReader;
  readonly blocks: LifeBlocks;
}

/**
 * Opens a boot of a template at a rank: replays its segment up to there, so that the place in each output is known. If a place
 * lies further back, in a line that was begun long before, it replays more. Throws `bad_value` like `OutputReader`.
 */
export async function openLife(options: LifeReplayOptions): Promise<LifeReplay | undefined> {
  const { life, segments, name, processId, rank, start, readerOptions, log } = options;
  let index = Math.max(
    0,
    life.segments.findLastIndex((segment) => segment.rank <= rank),
  );
  for (;;) {
    const first = life.segments[index];
    if (first === undefined) return undefined;
    const boot = life.boot === bootId ? undefined : life.boot;
    const source = new ReplaySource({ name, boot, serial: life.serial, processId });
    const blocks = new LifeBlocks(segments, first, log);
    await replayTo(source, blocks, rank);
    const own = start.kind === "resume" ? { ...start, position: withinLife(start.position, source) } : start;
    const isLater = index > 0 && own.kind === "resume" && hasLoss(source, own, readerOptions.label);
    if (!isLater) return { life, source, blocks, reader: new OutputReader(source, { ...readerOptions, start: own }) };
    await blocks.close();
    index = Math.max(0, index - Math.max(1, Math.floor(life.segments.length / 4)));
  }
}

/** Whether a reader that starts there would lose bytes. */
export function hasLoss(source: OutputSource, start: OutputStart, label: string | undefined): boolean {
  const { gaps, places } = startingPoint(source, start, label);
  if (gaps.length > 0) return true;
  return [...places].some(([ring, position]) => position < ring.oldest);
}

async function replayTo(source: ReplaySource, blocks: LifeBlocks, rank: number): Promise<void> {
  let block: Block | undefined = await blocks.next();
  while (block !== undefined) {
    source.apply(block);
    source.prune();
    if (source.ranks.next > rank || rank === 0) return;
    block = await blocks.next();
  }
}

/** A crash may have lost what the reader has seen already: the position is then after the end of what is on disk. */
function withinLife(position: StreamPosition, source: ReplaySource): StreamPosition {
  const { order, floor, spawnFloor, ahead, piece } = position;
  source.ranks.next = Math.max(source.ranks.next, order, floor, spawnFloor);
  const within = <Place extends { processId: number; outputIndex: number; position: number }>(place: Place): Place => {
    const ring = ringOf(source, place.processId, place.outputIndex);
    return { ...place, position: Math.min(place.position, ring?.head ?? place.position) };
  };
  return { ...position, ahead: ahead.map(within), piece: piece && within(piece) };
}

function ringOf(source: OutputSource, processId: number, outputIndex: number): Ring | undefined {
  const process = source.processes().find(({ id }) => id === processId);
  return process?.rings.values().drop(outputIndex).next().value;
}
