import { expect, test } from "bun:test";
import { DiskQueue, type LoadSource } from "../../src/journal/disk-queue.ts";
import type { SegmentFile } from "../../src/journal/segment-file.ts";
import type { Load } from "../../src/journal/staged-blocks.ts";
import { waitFor } from "../wait-for.ts";

/** A source with so many loads. Its disk takes a load when it is told to. */
function createSource(name: string, loads: number, log: string[], queue: DiskQueue) {
  let isWritten = Promise.withResolvers<boolean>();
  const append = () => {
    log.push(`${name} begins`);
    return isWritten.promise;
  };
  const load: Load = { file: { append } as unknown as SegmentFile, slots: [], rank: 0, outputBytes: 0 };
  const source: LoadSource = {
    takeLoad: () => (loads > 0 ? load : undefined),
    loadWritten(_, result) {
      log.push(`${name} ${result ? "written" : "failed"}`);
      isWritten = Promise.withResolvers();
      if (result && --loads > 0) queue.request(source);
    },
  };
  return { source, finish: (result = true) => isWritten.resolve(result) };
}

test("templates are written in turns, one write at a time", async () => {
  const log: string[] = [];
  const queue = new DiskQueue();
  const web = createSource("web", 2, log, queue);
  const db = createSource("db", 1, log, queue);
  queue.request(web.source);
  queue.request(db.source);
  expect(log).toEqual(["web begins"]);
  web.finish();
  await waitFor(() => log.length === 3, "the next write");
  db.finish();
  await waitFor(() => log.length === 5, "the next write");
  web.finish();
  await waitFor(() => log.length === 6, "the last write");
  expect(log).toEqual(["web begins", "web written", "db begins", "db written", "web begins", "web written"]);
});

test("a write that failed is not repeated before its source asks for it, and others go on", async () => {
  const log: string[] = [];
  const queue = new DiskQueue();
  const web = createSource("web", 1, log, queue);
  const db = createSource("db", 1, log, queue);
  queue.request(web.source);
  queue.request(db.source);
  queue.cancel(db.source);
  web.finish(false);
  await waitFor(() => log.includes("web failed"), "the failure");
  queue.request(db.source);
  db.finish();
  await waitFor(() => log.includes("db written"), "the other write");
  expect(log.slice(0, 2)).toEqual(["web begins", "web failed"]);
});
