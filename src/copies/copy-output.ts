import { OutputReader } from "../reading/output-reader.ts";
import { type OutputGap, type OutputProcess, templateSource } from "../reading/output-source.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** Whole lines of one output, or the part of a line that was silent or too long. */
export interface OutputPiece {
  readonly process: OutputProcess;
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** Where output is copied to. */
export interface CopyTarget {
  /** Whether the output of this process is copied. */
  accepts(process: OutputProcess): boolean;
  /** Resolves when the pieces are written. The next ones are read after that. */
  write(pieces: readonly OutputPiece[]): Promise<void>;
  /** Records output that was lost because the target was too slow. */
  lost(gap: OutputGap): Promise<void>;
  /** True if nothing can be written any more. */
  readonly isOver: boolean;
}

const pieceBytes = 128 * 1024;
const batchBytes = 256 * 1024;

/**
 * Copies the output of all processes of a template from now on, in the order of arrival, until the template is deleted, no
 * process is accepted any more, or `signal` is aborted. Reads the buffers as any other reader does: a slow target loses output
 * and holds up nobody.
 */
export async function copyOutput(supervisor: Supervisor, target: CopyTarget, signal: AbortSignal): Promise<void> {
  const source = templateSource(supervisor);
  let wake = Promise.withResolvers<void>();
  const onReady = () => wake.resolve();
  signal.addEventListener("abort", onReady);
  const reader = new OutputReader(source, { start: { kind: "tail", lines: 0 }, unit: "lines", onReady });
  try {
    while (!target.isOver && !signal.aborted) {
      wake = Promise.withResolvers();
      const { pieces, gap, hasEvents } = takeBatch(reader, target);
      if (pieces.length > 0) await target.write(pieces);
      if (gap !== undefined) await target.lost(gap);
      if (hasEvents && !source.processes().some((process) => target.accepts(process))) return;
      if (pieces.length > 0 || gap !== undefined || hasEvents) continue;
      if (reader.ended) return;
      const { dueMs } = reader;
      const timer = dueMs === undefined ? undefined : setTimeout(onReady, Math.max(1, dueMs - performance.now()));
      await wake.promise;
      clearTimeout(timer);
    }
  } finally {
    signal.removeEventListener("abort", onReady);
    reader.close();
  }
}

interface Batch {
  readonly pieces: readonly OutputPiece[];
  /** A gap after the pieces. */
  readonly gap: OutputGap | undefined;
  readonly hasEvents: boolean;
}

function takeBatch(reader: OutputReader, target: CopyTarget): Batch {
  const pieces: OutputPiece[] = [];
  let bytes = 0;
  let hasEvents = false;
  while (bytes < batchBytes) {
    const item = reader.next(pieceBytes, performance.now());
    if (item === undefined) break;
    if (item.kind === "gap") return { pieces, gap: item, hasEvents };
    if (item.kind !== "bytes") hasEvents = true;
    else if (target.accepts(item.process)) {
      const { process, label, ring, from, to } = item;
      pieces.push({ process, label, bytes: ring.copy(from, to) });
      bytes += to - from;
    }
  }
  return { pieces, gap: undefined, hasEvents };
}
