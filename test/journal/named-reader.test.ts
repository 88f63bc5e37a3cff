import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGafferd } from "../cli/running.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-named-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a named reader continues on disk where its last response ended, and then in the buffer", async () => {
  const config = join(folder, "gaffer.ini");
  const section = "[process:web]\ncmd = sh -c 'seq 1 20000; sleep 600'\noutput_buffer = 16k\noutput_keep = 64m\n";
  writeFileSync(config, `[gaffer]\nstate_dir = ${folder}/state\n${section}`);
  await using gafferd = await startGafferd([config]);
  const all = Array.from({ length: 20_000 }, (_, at) => `${at + 1}\n`).join("");
  let text = "";
  for (let requests = 0; text.length < all.length && requests < 1000; requests++) {
    const response = await fetch(`${gafferd.url}/streams/web/stdout?tail=1000000&lossless=true&reader=archive`);
    expect(response.headers.get("x-gaffer-gap")).toBeNull();
    text += await response.text();
  }
  expect(text).toBe(all);
});
