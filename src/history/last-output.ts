import { OutputReader } from "../reading/output-reader.ts";
import { processSource } from "../reading/output-source.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

const maxLines = 50;
const maxBytes = 8 * 1024;

/** Some of the last lines of an output. */
export interface LastOutput {
  readonly label: string;
  /** When its first byte arrived. */
  readonly unixMs: number;
  readonly text: string;
}

/** The last 50 lines of all outputs of a process in the order of arrival, at most 8 KiB of them. */
export function readLastOutput(supervisor: Supervisor, process: SupervisedProcess): LastOutput[] {
  if (process.rings.size === 0) return [];
  const source = processSource(supervisor, process);
  const start = { kind: "tail", lines: maxLines } as const;
  const reader = new OutputReader(source, { start, unit: "lines", onReady: () => {} });
  try {
    const pieces: (LastOutput & { readonly bytes: number })[] = [];
    let total = 0;
    for (;;) {
      const item = reader.next(maxBytes, Infinity);
      if (item === undefined || item.kind === "exit") break;
      if (item.kind !== "bytes") continue;
      const { label, ring, from, to } = item;
      const text = Buffer.from(ring.copy(from, to)).toString("utf8");
      pieces.push({ label, unixMs: ring.arrivals.unixMsAt(from), text, bytes: to - from });
      total += to - from;
      while (total > maxBytes && pieces.length > 1) total -= pieces.shift()?.bytes ?? 0;
    }
    return pieces.map(({ label, unixMs, text }) => ({ label, unixMs, text }));
  } finally {
    reader.close();
  }
}
