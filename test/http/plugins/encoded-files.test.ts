import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { EncodedFiles, type VersionedFile } from "../../../src/http/plugins/encoded-files.ts";
import { temporaryFolder } from "../listen/listening.ts";

const fileAt = (path: string, version: string): VersionedFile => ({
  path,
  version,
  read: async () => (await Bun.file(path).bytes()) as Uint8Array<ArrayBuffer>,
});

test("a file is compressed once per version, and again after an error", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.txt");
  const files = new EncodedFiles();
  expect(await files.get(fileAt(path, "1"), "gzip").catch((error: Error) => error.message)).toContain("ENOENT");
  writeFileSync(path, "one");
  const first = files.get(fileAt(path, "1"), "gzip");
  expect(gunzipSync(await first).toString()).toBe("one");
  expect(files.get(fileAt(path, "1"), "gzip")).toBe(first);
  expect(files.get(fileAt(path, "1"), "zstd")).not.toBe(first);
  writeFileSync(path, "two");
  expect(gunzipSync(await files.get(fileAt(path, "2"), "gzip")).toString()).toBe("two");
});

test("the least recently used files are dropped", async () => {
  using folder = temporaryFolder();
  const files = new EncodedFiles();
  const paths = Array.from({ length: 20 }, (_, index) => {
    const path = join(folder.path, `${index}.txt`);
    // Random, so that compression does not make it smaller.
    writeFileSync(path, randomBytes(1024 * 1024));
    return path;
  });
  const [first = "", second = ""] = paths;
  const [ofFirst, ofSecond] = [files.get(fileAt(first, "1"), "gzip"), files.get(fileAt(second, "1"), "gzip")];
  for (const path of paths) {
    await files.get(fileAt(path, "1"), "gzip");
    expect(files.get(fileAt(first, "1"), "gzip")).toBe(ofFirst);
  }
  expect(files.get(fileAt(second, "1"), "gzip")).not.toBe(ofSecond);
});
