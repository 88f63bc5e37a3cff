import { expect, test } from "bun:test";
import { currentMoment } from "../../src/moment.ts";
import { followRing } from "../../src/cli/follow.ts";
import { Ring } from "../../src/output/ring.ts";

test("a ring is followed from its first byte to its end", async () => {
  const ring = new Ring(1024);
  write(ring, "held ");
  const read = readAll(ring);
  await Bun.sleep(0);
  write(ring, "written ");
  await Bun.sleep(0);
  write(ring, "last");
  ring.end();
  expect(await read).toEqual(["held ", "written ", "last"]);
  expect(ring.cursors.size).toBe(0);
});

test("overwritten bytes are a gap", async () => {
  const ring = new Ring(4);
  write(ring, "abcdef");
  ring.end();
  expect(await readAll(ring)).toEqual([{ from: 0, to: 2 }, "cdef"]);
});

test("leaving the loop closes the cursor", async () => {
  const ring = new Ring(1024);
  write(ring, "a");
  for await (const chunk of followRing(ring)) {
    expect(chunk).toBeDefined();
    break;
  }
  expect(ring.cursors.size).toBe(0);
});

function write(ring: Ring, text: string): void {
  ring.write(new TextEncoder().encode(text), currentMoment());
}

async function readAll(ring: Ring): Promise<unknown[]> {
  const chunks = await Array.fromAsync(followRing(ring));
  return chunks.map((chunk) => (chunk instanceof Uint8Array ? new TextDecoder().decode(chunk) : chunk));
}
