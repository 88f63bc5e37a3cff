import { expect, test } from "bun:test";
import { currentMoment } from "../../src/moment.ts";
import { Cursor } from "../../src/output/cursor.ts";
import { type OutputMeter, Ring } from "../../src/output/ring.ts";

test("two rings that share a meter count the bytes of both", () => {
  const meter: OutputMeter = { bytes: 0, gaps: 0, droppedBytes: 0 };
  const first = new Ring(4096, undefined, meter);
  const second = new Ring(4096, undefined, meter);
  first.write(new Uint8Array(10_000), currentMoment());
  second.write(new Uint8Array(7), currentMoment());
  second.write(new Uint8Array(0), currentMoment());
  first.write(new Uint8Array(1), currentMoment());
  expect(meter).toEqual({ bytes: 10_008, gaps: 0, droppedBytes: 0 });
});

test("a gap is counted once per reader, when the reader takes it, with the bytes that this reader lost", () => {
  const ring = new Ring(4096);
  const readers = [new Cursor(ring, { position: 0 }), new Cursor(ring, { position: 1000 })];
  ring.write(new Uint8Array(5096), currentMoment());
  expect(ring.meter).toEqual({ bytes: 5096, gaps: 0, droppedBytes: 0 });
  // The second reader is at the oldest byte and lost nothing.
  for (const reader of [...readers, ...readers]) reader.takeGap();
  expect(ring.meter).toEqual({ bytes: 5096, gaps: 1, droppedBytes: 1000 });
  ring.write(new Uint8Array(100), currentMoment());
  for (const reader of readers) reader.takeGap();
  expect(ring.meter).toEqual({ bytes: 5196, gaps: 3, droppedBytes: 1200 });
  for (const reader of readers) reader.close();
});
