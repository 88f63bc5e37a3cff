import { bootId } from "../boot.ts";
import type { Logger } from "../log.ts";
import type { Moment } from "../moment.ts";
import type { OutputSource } from "../reading/output-source.ts";
import type { OutputStart } from "../reading/output-start.ts";
import type { KeptOutput } from "./journal.ts";
import type { KeptStart } from "./kept-reader.ts";
import { findKeptTail, findKeptTime } from "./kept-search.ts";
import { hasLoss } from "./life-replay.ts";
import type { Life } from "./segments.ts";

export interface KeptStartOptions {
  readonly kept: KeptOutput;
  readonly live: OutputSource;
  /** Where the reader wants to start. */
  readonly start: OutputStart;
  /** The number of lines of a `tail`, if it was already searched for in the buffers; else undefined. */
  readonly lines: number | undefined;
  readonly label: string | undefined;
  readonly now: Moment;
  readonly log: Logger;
}

/**
 * Where a reader of a template starts on disk; undefined if the buffers have all that it wants. Throws `bad_value` for a
 * position that the template never had.
 */
export async function findKeptStart(options: KeptStartOptions): Promise<KeptStart | undefined> {
  const { kept, live, start, lines, label, now, log } = options;
  if (start.kind === "held" || (start.kind === "tail" && start.lines === 0)) return undefined;
  const { segments } = kept;
  await segments.load();
  await kept.flush();
  const { lives } = segments;
  const [oldest] = lives;
  if (oldest === undefined) return undefined;
  const scope = { processId: live.processId, label };
  switch (start.kind) {
    case "tail":
    case "found": {
      if (lines === undefined || (start.kind === "found" && start.ranks.order > 0)) return undefined;
      if (!isOlderThan(lives, live)) return undefined;
      return await findKeptTail(ofProcess(lives, live), lines, { ...scope, segments, log });
    }
    case "since": {
      const unixMs = now.unixMs - (now.steadyMs - start.steadyMs);
      if (!isOlderThan(lives, live)) return undefined;
      return await findKeptTime(ofProcess(lives, live), unixMs, { ...scope, segments, log });
    }
    case "resume": {
      const { boot = bootId, serial, order, floor } = start.position;
      const life = lives.find((each) => each.boot === boot && each.serial === serial);
      if (isLife(live, boot, serial)) {
        if (life === undefined || !hasLoss(live, start, label)) return undefined;
      } else if (life === undefined) return fromOldest(oldest);
      const rank = floor > 0 ? Math.min(order, floor) : order;
      return { life, start, rank, isAfterLoss: false };
    }
    case "restart":
      return fromOldest(oldest);
  }
}

/** After a gap: the client's position is of a boot of which nothing is left. */
function fromOldest(life: Life): KeptStart {
  return { life, start: { kind: "held" }, rank: 0, isAfterLoss: true };
}

/** Whether something on disk may be older than what the buffers hold. */
function isOlderThan(lives: readonly Life[], live: OutputSource): boolean {
  const { serial } = live.ranks;
  if (live.processId === undefined && lives.some((life) => !isLife(live, life.boot, life.serial))) return true;
  if (!lives.some((life) => life.boot === bootId && life.serial === serial)) return false;
  return (
    live.dropped.count > 0 || live.processes().some(({ rings }) => rings.values().some(({ oldest }) => oldest > 0))
  );
}

/** The boots that can have output of the source: for a single process, only this one. */
function ofProcess(lives: readonly Life[], live: OutputSource): readonly Life[] {
  return live.processId === undefined ? lives : lives.filter((life) => isLife(live, life.boot, life.serial));
}

function isLife({ ranks }: OutputSource, boot: string, serial: number): boolean {
  return boot === bootId && serial === ranks.serial;
}
