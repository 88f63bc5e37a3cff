import { describe, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { createOutlet } from "../../src/log/outlet.ts";
import { openPipe, setNonBlocking } from "../../src/process/spawn/pipe.ts";

describe("an outlet", () => {
  test("writes in order, all of it", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
    const text = readText(readEnd);
    for (const line of lines) outlet.write(line);
    await outlet.flushed();
    closeOutlet();
    expect(await text).toBe(lines.join(""));
  });

  test("does not wait for a reader that takes nothing, holds little for it, and says what it left out", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const line = `${"x".repeat(1023)}\n`;
    const startMs = performance.now();
    for (let count = 0; count < 10_000; count++) outlet.write(line);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    const text = readText(readEnd);
    await outlet.flushed();
    closeOutlet();
    const [, kept = "", left = ""] = /^((?:x+\n)+)\((\d+) lines dropped: .*\)\n$/.exec(await text) ?? [];
    expect(kept.length).toBeLessThan(1.2 * 1024 * 1024);
    expect(kept.length / line.length + Number(left)).toBe(10_000);
  });

  test("takes a text that is larger than all it holds", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const text = readText(readEnd);
    outlet.write("y".repeat(3_000_000));
    await outlet.flushed();
    closeOutlet();
    expect(await text).toHaveLength(3_000_000);
  });

  test("waits at a full pipe that does not block", async () => {
    const { readEnd, writeEnd, outlet, closeOutlet } = openOutlet();
    setNonBlocking(writeEnd);
    outlet.write("z".repeat(300_000));
    const text = readText(readEnd);
    await outlet.flushed();
    closeOutlet();
    expect(await text).toHaveLength(300_000);
  });

  test("ignores what is written when its reader has gone", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    expect(outlet.hasReader).toBe(true);
    closeSync(readEnd);
    outlet.write("to nobody\n");
    await outlet.flushed();
    expect(outlet.hasReader).toBe(false);
    outlet.write("to nobody\n");
    await outlet.flushed();
    closeOutlet();
  });
});

function openOutlet() {
  const { readEnd, writeEnd } = openPipe();
  return { readEnd, writeEnd, outlet: createOutlet(writeEnd), closeOutlet: () => closeSync(writeEnd) };
}

async function readText(descriptor: number): Promise<string> {
  const text = await Bun.file(descriptor).text();
  closeSync(descriptor);
  return text;
}
