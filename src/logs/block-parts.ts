import type { BlockMeta, OutputPart } from "../journal/block-meta.ts";

/** What a block says about an output. */
export interface OutputBlock {
  readonly part: OutputPart | undefined;
  readonly bytes: Buffer;
  readonly end: BlockMeta["ends"][number] | undefined;
}

/** The positions in the first block of a segment, by process and index. */
export function positionsOf({ processes }: BlockMeta): ReadonlyMap<string, number> {
  return new Map(
    processes.flatMap(({ pid, positions }) =>
      positions.map((position, index) => [outputKeyOf(pid, index), position] as const),
    ),
  );
}

/** Identifies an output of a template. */
export function outputKeyOf(processId: number, index: number): string {
  return `${processId} ${index}`;
}

/** The parts of a block with their bytes. */
export function* outputsIn({ outputs }: BlockMeta, data: Buffer): Generator<readonly [OutputPart, Buffer]> {
  let offset = 0;
  for (const part of outputs) {
    yield [part, data.subarray(offset, offset + part.length)];
    offset += part.length;
  }
}
