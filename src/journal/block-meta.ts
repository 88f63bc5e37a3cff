import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const time = Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });
const list = <Item extends TSchema>(item: Item) => Type.Array(item);
const pair = Type.Tuple([count, Type.Number()]);

/** One output within a block. Outputs of a process are numbered from 0. */
const output = Type.Object({
  pid: count,
  index: count,
  /** The position of the first byte. */
  at: count,
  length: count,
  /** `[position, rank]`, where a rank does not follow that of the byte before (`output/order.ts`). The first is `at`. */
  runs: list(Type.Tuple([count, count])),
  /** `[position, Unix ms]`, where another arrival time begins. The first is `at`. */
  times: list(pair),
});

const processRecord = Type.Object({
  pid: count,
  osPid: count,
  slot: count,
  /** Unix ms. */
  startedAt: time,
  labels: list(Type.String({ maxLength: 255 })),
  /** The position up to which each output was written to earlier segments. */
  positions: list(count),
  /** The rank of the end of each output; null until it has ended. */
  ends: list(Type.Union([count, Type.Null()])),
  /** The rank of its spawn; null until it is known. */
  spawnRank: Type.Union([count, Type.Null()]),
});

const status = Type.Union([
  Type.Object({ exitCode: Type.Integer() }),
  Type.Object({ signal: Type.String({ maxLength: 32 }) }),
]);

/** What a block says about its data and about processes. Everything with a rank from `from` up to `to` is in it, or lost. */
const blockMeta = Type.Object({
  from: count,
  to: count,
  /** When the block was written: Unix ms. */
  time,
  outputs: list(output),
  /** Processes that no earlier block has. */
  processes: list(processRecord),
  spawns: list(Type.Object({ pid: count, rank: count })),
  /** Outputs that have ended, with the position after their last byte. */
  ends: list(Type.Object({ pid: count, index: count, head: count, rank: count })),
  exits: list(Type.Object({ pid: count, rank: count, status, exitedAt: time, cpuMs: Type.Number() })),
  /** The first block of a segment describes it. */
  segment: Type.Optional(
    Type.Object({
      version: count,
      name: Type.String({ minLength: 1, maxLength: 255 }),
      boot: Type.String({ pattern: "^r[0-9a-z]{1,8}$" }),
      /** The template's `RankCounter.serial`. */
      serial: count,
      /** Seeds the checksums of the following blocks. Output cannot contain a block that looks valid. */
      seed: Type.String({ pattern: "^[0-9]{1,20}$" }),
      /** Totals of the processes that have exited in this boot and that `processes` leaves out. */
      ended: Type.Object({
        count,
        newestId: count,
        exitRank: count,
        /** Bytes by label. */
        bytes: Type.Record(Type.String(), count),
      }),
      /** `output_keep` at that time, for templates that were deleted. */
      keep: Type.Object({ maxBytes: Type.Optional(count), maxAgeMs: Type.Optional(Type.Number()) }),
    }),
  ),
  /** True in the last block of a template that was stopped or deleted properly: nothing is missing after it. */
  closed: Type.Optional(Type.Boolean()),
});

export type BlockMeta = Static<typeof blockMeta>;
export type OutputPart = Static<typeof output>;
export type ProcessRecord = Static<typeof processRecord>;
export type SegmentRecord = NonNullable<BlockMeta["segment"]>;
export type EndedTotals = SegmentRecord["ended"];

let compiled: TypeCheck<typeof blockMeta> | undefined;

/** Returns undefined if the text is no description of a block with `dataLength` bytes. */
export function parseBlockMeta(text: string, dataLength: number): BlockMeta | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Not before it is needed: this takes 10 ms.
  compiled ??= TypeCompiler.Compile(blockMeta);
  if (!compiled.Check(value)) return undefined;
  const { outputs, processes } = value;
  const isWhole =
    value.from <= value.to &&
    outputs.reduce((sum, { length }) => sum + length, 0) === dataLength &&
    outputs.every(isOrdered) &&
    processes.every(
      ({ labels, positions, ends }) => labels.length === positions.length && labels.length === ends.length,
    );
  return isWhole ? value : undefined;
}

/** Whether the runs and times begin at the first byte and are ascending. */
function isOrdered({ at, length, runs, times }: OutputPart): boolean {
  return [runs, times].every(
    (entries) =>
      entries[0]?.[0] === at &&
      entries.every(([position], index) => position < at + length && position > (entries[index - 1]?.[0] ?? -1)),
  );
}
