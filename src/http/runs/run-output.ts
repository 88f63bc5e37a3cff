import type { RunOutputDocument } from "../../documents/run-schemas.ts";
import { characterEnd } from "../../output/output-range.ts";
import type { Ring } from "../../output/ring.ts";
import { OutputReader } from "../../reading/output-reader.ts";
import { processSource } from "../../reading/output-source.ts";
import type { HostedProcess } from "../../runs/run.ts";
import { formatStreamId } from "../feed/stream-id.ts";

/** More than a buffer can hold. */
const allBytes = 2 ** 31;

/** Head and tail of each output of a process, by label. */
export function toRunOutputs(hosted: HostedProcess, maxBytes: number): Record<string, RunOutputDocument> {
  const labels = [...hosted.process.rings];
  return Object.fromEntries(labels.map(([label, ring]) => [label, toRunOutput(hosted, { label, ring }, maxBytes)]));
}

/** Outputs of which only the size is known. */
export function toForgottenOutputs(bytes: Readonly<Record<string, number>>): Record<string, RunOutputDocument> {
  return Object.fromEntries(
    Object.entries(bytes).map(([label, to]) => [label, { data: "", from: 0, to, omitted: to, next: null }]),
  );
}

function toRunOutput(
  { supervisor, process }: HostedProcess,
  { label, ring }: { readonly label: string; readonly ring: Ring },
  maxBytes: number,
): RunOutputDocument {
  // A reader, so that `next` is exactly where `data` ends. It finds places and copies nothing.
  const start = { kind: "held" } as const;
  const reader = new OutputReader(processSource(supervisor, process), {
    label,
    start,
    unit: "characters",
    onReady: () => {},
  });
  let from: number | undefined;
  let to = ring.head;
  for (let item = reader.next(allBytes, Infinity); item !== undefined; item = reader.next(allBytes, Infinity)) {
    if (item.kind !== "bytes") continue;
    from ??= item.from;
    ({ to } = item);
  }
  const next = formatStreamId(reader.position());
  reader.close();
  return { ...headAndTail(ring, from ?? to, to, maxBytes), next };
}

/** Cut between characters. The middle is replaced by a line that says how much is missing. */
function headAndTail(ring: Ring, from: number, to: number, maxBytes: number): Omit<RunOutputDocument, "next"> {
  if (to - from <= maxBytes) return { data: textOf(ring, from, to), from, to, omitted: 0 };
  const headEnd = characterEnd(ring, from, from + Math.floor(maxBytes / 2));
  const tailStart = characterStart(ring, to - Math.ceil(maxBytes / 2), to);
  const omitted = tailStart - headEnd;
  const marker = maxBytes === 0 ? "" : `\n[omitted ${omitted} bytes]\n`;
  return { data: textOf(ring, from, headEnd) + marker + textOf(ring, tailStart, to), from, to, omitted };
}

function textOf(ring: Ring, from: number, to: number): string {
  return from === to ? "" : Buffer.from(ring.copy(from, to).buffer).toString("utf8");
}

/** The beginning of the first character at `from` or after it. */
function characterStart(ring: Ring, from: number, to: number): number {
  let start = from;
  while (start < to && start - from < maxContinuationBytes && isContinuation(ring.byteAt(start))) start += 1;
  return start;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** A character in UTF-8 has at most this many bytes after its first. */
const maxContinuationBytes = 3;
