import type { Journal, KeptOutput } from "../../journal/journal.ts";
import type { Logger } from "../../log.ts";
import { currentMoment } from "../../moment.ts";
import type { OpenReader } from "../../reading/output-items.ts";
import { OutputReader, type OutputReaderOptions } from "../../reading/output-reader.ts";
import { goneSource } from "../../reading/gone-source.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { findTail, type OutputStart } from "../../reading/output-start.ts";

export interface FindReaderOptions {
  /** The name of the template. */
  readonly name: string;
  readonly source: OutputSource;
  readonly start: OutputStart;
  readonly readerOptions: Omit<OutputReaderOptions, "start" | "onReady" | "onCutOff">;
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly log: Logger;
}

/** A reader that can be opened, and where it starts. */
export interface FoundReader {
  readonly start: OutputStart;
  readonly open: OpenReader;
  /** Call if it is not opened. */
  readonly abandon: () => void;
}

/**
 * Finds where a reader starts: in the buffers, or on disk where they no longer have what it wants. Throws `bad_value` for a
 * position that the output never had.
 */
export function findReader(options: FindReaderOptions): FoundReader | Promise<FoundReader> {
  const { name, source, start, readerOptions, journal } = options;
  const found = findTail(source, start, readerOptions.label);
  const kept = journal?.find(name);
  if (kept !== undefined) return findKept(options, kept, found);
  return found instanceof Promise ? found.then((each) => inBuffers(options, each)) : inBuffers(options, found);
}

/** `found` is where the reader would start in the buffers. */
async function findKept(
  options: FindReaderOptions,
  kept: KeptOutput,
  found: OutputStart | Promise<OutputStart>,
): Promise<FoundReader> {
  const { name, source: live, start: wanted, readerOptions, log } = options;
  const start = await found;
  const { findKeptStart } = await import("../../journal/kept-start.ts");
  const { KeptReader } = await import("../../journal/kept-reader.ts");
  const lines = wanted.kind === "tail" ? wanted.lines : undefined;
  const now = currentMoment();
  const keptStart = await findKeptStart({ kept, live, start, lines, label: readerOptions.label, now, log });
  if (keptStart === undefined) return inBuffers(options, start);
  const reader = await KeptReader.open({ name, kept, start: keptStart, live, readerOptions, log });
  return { start: keptStart.start, open: (callbacks) => reader.attach(callbacks), abandon: () => reader.close() };
}

/**
 * Like `findReader`, for a process of an earlier gafferd, the last one with this name. Undefined if nothing of it is on disk. If
 * the name was used before, `tail` and `since` give all that is kept of the last.
 */
export async function findKeptReader({
  name,
  kept,
  start,
  readerOptions,
  log,
}: Pick<FindReaderOptions, "name" | "start" | "readerOptions" | "log"> & { readonly kept: KeptOutput }): Promise<
  FoundReader | undefined
> {
  const { segments } = kept;
  await segments.load();
  const last = segments.lives.at(-1);
  if (last === undefined) return undefined;
  const { findKeptStart } = await import("../../journal/kept-start.ts");
  const { KeptReader } = await import("../../journal/kept-reader.ts");
  const { label } = readerOptions;
  const lines = start.kind === "tail" ? start.lines : undefined;
  const now = currentMoment();
  const isOnly = segments.lives.length === 1 || start.kind === "resume";
  const found = isOnly ? await findKeptStart({ kept, live: goneSource, start, lines, label, now, log }) : undefined;
  const keptStart = found ?? { life: last, start: { kind: "held" }, rank: 0, isAfterLoss: false };
  const reader = await KeptReader.open({ name, kept, start: keptStart, live: undefined, readerOptions, log });
  return { start: keptStart.start, open: (callbacks) => reader.attach(callbacks), abandon: () => reader.close() };
}

function inBuffers({ source, readerOptions }: FindReaderOptions, start: OutputStart): FoundReader {
  const open: OpenReader = (callbacks, heldAt) => {
    const from: OutputStart = heldAt === undefined ? start : { kind: "resume", position: heldAt };
    return new OutputReader(source, { ...readerOptions, ...callbacks, start: from });
  };
  return { start, open, abandon() {} };
}
