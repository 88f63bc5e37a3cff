import type { LogGapDocument, LogLineDocument } from "../../documents/log-schemas.ts";
import { toTime } from "../../documents/time.ts";
import type { GapReason, LogGap, LogItem, LogLine } from "../../logs/log-item.ts";
import { describeGap } from "../../reading/describe-gap.ts";
import type { StreamPosition } from "../../reading/stream-position.ts";
import { eventNameOf } from "../feed/event-name.ts";
import { maxLineBytes, toJsonLine } from "../feed/json-line.ts";
import { encodeJsonEvent, encodeTextEvent } from "../feed/sse.ts";
import { formatStreamId, maxIdLength } from "../feed/stream-id.ts";

/** Encodes an item as pieces, which are sent one after the other. */
export type LogEncoder = (item: LogItem) => Iterable<Uint8Array>;

export interface LogFormat {
  readonly format: "text" | "json";
  readonly isEvents: boolean;
}

export function logEncoder({ format, isEvents }: LogFormat): LogEncoder {
  if (format === "text") return isEvents ? encodeTextEvents : encodeText;
  return isEvents ? encodeJsonEvents : encodeJsonLines;
}

/** Space for what is around the data of an event or a document, with the longest id, name and label. */
const aroundBytes = 1536;
const dataBytes = maxLineBytes - aroundBytes;
/** JSON escapes make a byte six times as long at most. */
const sureBytes = Math.floor(dataBytes / 6);
const newline = Buffer.from("\n");

const reasons: Readonly<Record<GapReason, string>> = {
  deleted: "`output_keep` has deleted it",
  not_kept: "`output_keep` was not set",
  not_written: "the disk was full or too slow",
  damaged: "the file on disk is damaged",
  killed: "gafferd was killed before it was on disk",
};

/** The line, or what is missing, in square brackets. */
function* encodeText(item: LogItem): Iterable<Uint8Array> {
  if (item.kind === "line") {
    yield Buffer.concat([item.bytes, newline]);
    return;
  }
  const reason = reasons[item.reason];
  yield Buffer.from(`[gafferd: ${describeGap(item.name, toGap(item))} missing: ${reason}]\n`);
}

/** `{"time":…,"name":"web","pid":1,"boot":…,"stream":"stdout","id":…,"data":"first line"}`. */
function* encodeJsonLines(item: LogItem): Iterable<Uint8Array> {
  if (item.kind === "gap") {
    const { time, name, boot, id, ...gap } = toGapDocument(item);
    yield Buffer.from(`${toJsonLine({ time, name, boot, id, gap })}\n`);
  } else for (const document of toLineDocuments(item)) yield Buffer.from(`${toJsonLine(document)}\n`);
}

function* encodeJsonEvents(item: LogItem): Iterable<Uint8Array> {
  if (item.kind === "gap") yield encodeGapEvent(item);
  else
    for (const document of toLineDocuments(item)) yield encodeJsonEvent(eventNameOf(item.label), document, document.id);
}

/** `event: stdout\ndata: first line\nid: …\n\n`. */
function* encodeTextEvents(item: LogItem): Iterable<Uint8Array> {
  if (item.kind === "gap") return yield encodeGapEvent(item);
  const { bytes, label } = item;
  const before = `event: ${eventNameOf(label)}\n`;
  const maxBytes = maxLineBytes - before.length - maxIdLength - "id: \n\n".length;
  for (let from = 0; from === 0 || from < bytes.length;) {
    let to = bytes.length;
    const after = (taken: number) => {
      to = from + taken;
      return `id: ${formatStreamId(positionAt(item, to))}\n\n`;
    };
    yield encodeTextEvent(bytes.subarray(from), { before, after, maxBytes });
    if (to === from) return;
    from = to;
  }
}

function encodeGapEvent(item: LogGap): Uint8Array {
  const document = toGapDocument(item);
  return encodeJsonEvent("gap", document, document.id);
}

/** One document, or several if the line is too long for readers of lines. */
function* toLineDocuments(line: LogLine): Iterable<LogLineDocument> {
  const { bytes } = line;
  for (let from = 0; from === 0 || from < bytes.length;) {
    let to = bytes.length;
    let data = textOf(bytes, from, to);
    while (to - from > sureBytes && Buffer.byteLength(toJsonLine(data)) > dataBytes) {
      to = characterEnd(bytes, from, Math.max(from + sureBytes, from + ((to - from) >> 1)));
      data = textOf(bytes, from, to);
    }
    const isPartial = line.isPartial || to < bytes.length;
    yield {
      time: toTime(line.timeMs),
      name: line.name,
      pid: line.processId,
      boot: line.boot,
      stream: line.label,
      id: formatStreamId(positionAt(line, to)),
      data,
      ...(isPartial && { partial: true }),
    };
    from = to;
  }
}

function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("utf8", from, to);
}

/** The greatest offset up to `to` that does not split a UTF-8 character. */
function characterEnd(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && to - end < 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end > from && to - end < 4 ? end : to;
}

/** The position of a reader that has read the line up to this offset. */
function positionAt(line: LogLine, offset: number): StreamPosition {
  const { position, processId, outputIndex, from, rank, bytes } = line;
  if (offset >= bytes.length) return position;
  const place = { processId, outputIndex, position: from + offset };
  const given = position.given - (line.to - place.position);
  if (!line.isPartial) return { ...position, order: rank, given, piece: place };
  const others = position.ahead.filter((each) => each.processId !== processId || each.outputIndex !== outputIndex);
  return { ...position, given, ahead: [...others, place] };
}

function toGap({ processId, label, from, to, bytes }: LogGap) {
  return {
    ...(processId !== undefined && { processId }),
    ...(label !== undefined && { label }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(bytes !== undefined && { bytes }),
  };
}

function toGapDocument(item: LogGap): LogGapDocument {
  const { processId, label, from, to, bytes, reason } = item;
  return {
    time: toTime(item.timeMs),
    name: item.name,
    boot: item.boot,
    id: formatStreamId(item.position),
    ...(processId !== undefined && { pid: processId }),
    ...(label !== undefined && { stream: label }),
    bytes: bytes ?? null,
    from: from ?? null,
    to: to ?? null,
    reason,
  };
}
