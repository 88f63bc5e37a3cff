import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCachedFolder, openInside } from "../../src/files/open-inside.ts";

let base: string;
let root: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "gafferd-open-inside-")));
  root = join(base, "root");
  mkdirSync(join(root, "sub"), { recursive: true });
  writeFileSync(join(root, "sub/page"), "the page");
  writeFileSync(join(base, "secret"), "the secret");
});
afterEach(() => rmSync(base, { recursive: true }));

const descriptorCount = () => readdirSync("/proc/self/fd").length;

/** The kind, the path below the base, and the content. */
async function found(path: string) {
  const entry = await openInside(root, join(root, path));
  if (entry?.kind !== "file") return entry && [entry.kind, entry.path.slice(base.length)];
  const bytes = new Uint8Array(100);
  const length = await entry.read(bytes, 0);
  entry.close();
  return ["file", entry.path.slice(base.length), new TextDecoder().decode(bytes.subarray(0, length))];
}

describe("openInside", () => {
  test("opens a file, and finds a folder", async () => {
    expect(await found("sub/page")).toEqual(["file", "/root/sub/page", "the page"]);
    expect(await found("sub")).toEqual(["folder", "/root/sub"]);
    expect(await found("")).toEqual(["folder", "/root"]);
  });

  test.each(["linked", "sub/absolute", "folder/page"])("follows %s, a link inside", async (path) => {
    symlinkSync("sub/page", join(root, "linked"));
    symlinkSync(join(root, "sub/page"), join(root, "sub/absolute"));
    symlinkSync("sub", join(root, "folder"));
    expect(await found(path)).toEqual(["file", "/root/sub/page", "the page"]);
  });

  test.each(["up/secret", "absolute", "twice", "beside/page", "process"])(
    "finds nothing at %s, a link that leads out",
    async (path) => {
      symlinkSync("..", join(root, "up"));
      symlinkSync(join(base, "secret"), join(root, "absolute"));
      symlinkSync("absolute", join(root, "twice"));
      mkdirSync(join(base, "root-2"));
      writeFileSync(join(base, "root-2/page"), "beside");
      symlinkSync("../root-2", join(root, "beside"));
      symlinkSync("/proc/self/status", join(root, "process"));
      const before = descriptorCount();
      expect(await found(path)).toBe(undefined);
      expect(descriptorCount()).toBe(before);
    },
  );

  test("finds nothing below a root that was replaced by a link", async () => {
    const before = descriptorCount();
    renameSync(root, join(base, "moved"));
    symlinkSync("moved", root);
    expect(await found("sub/page")).toBe(undefined);
    expect(descriptorCount()).toBe(before);
  });

  test("opens neither a FIFO nor a device", async () => {
    expect(Bun.spawnSync(["mkfifo", join(root, "fifo")]).exitCode).toBe(0);
    symlinkSync("fifo", join(root, "fifo-link"));
    symlinkSync("/dev/zero", join(root, "zero"));
    const before = descriptorCount();
    for (const path of ["fifo", "fifo-link", "zero"]) expect(await found(path)).toBe(undefined);
    expect(descriptorCount()).toBe(before);
  });

  test.each([
    ["none", "ENOENT"],
    ["sub/page/more", "ENOTDIR"],
    ["loop", "ELOOP"],
    ["a".repeat(300), "ENAMETOOLONG"],
  ])("rejects %s with %s", async (path, code) => {
    symlinkSync("loop", join(root, "loop"));
    expect(await openInside(root, join(root, path)).catch((error: NodeJS.ErrnoException) => error.code)).toBe(code);
  });
});

describe("an opened file", () => {
  test("is read from its descriptor, whatever is at its path now", async () => {
    const file = await openInside(root, join(root, "sub/page"));
    renameSync(join(root, "sub/page"), join(root, "old"));
    symlinkSync(join(base, "secret"), join(root, "sub/page"));
    const bytes = new Uint8Array(8);
    expect(file?.kind === "file" && (await file.read(bytes, 0))).toBe(8);
    expect(new TextDecoder().decode(bytes)).toBe("the page");
    if (file?.kind === "file") file.close();
  });

  test("is closed once, and is not read afterwards", async () => {
    const before = descriptorCount();
    const file = await openInside(root, join(root, "sub/page"));
    if (file?.kind !== "file") throw new Error("not opened");
    expect(descriptorCount()).toBe(before + 1);
    file.close();
    file.close();
    expect(descriptorCount()).toBe(before);
    expect(await file.read(new Uint8Array(1), 0).catch(String)).toContain("it is closed");
  });
});

test("a file that is closed during a read is closed after it", async () => {
  writeFileSync(join(root, "long"), new Uint8Array(3_000_000).fill(65));
  // Drops the file from memory, so that reading it takes a while.
  Bun.spawnSync(["dd", `of=${join(root, "long")}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"]);
  const before = descriptorCount();
  const file = await openInside(root, join(root, "long"));
  if (file?.kind !== "file") throw new Error("not opened");
  const bytes = new Uint8Array(1000);
  const read = file.read(bytes, 2_000_000);
  file.close();
  // Would get the number of the descriptor.
  const other = openSync(join(base, "secret"), "r");
  expect([await read, bytes.every((byte) => byte === 65)]).toEqual([1000, true]);
  closeSync(other);
  // Less if the runtime closes one of its own meanwhile.
  expect(descriptorCount()).toBeLessThanOrEqual(before);
});

test("isCachedFolder is true only for a folder at a path without links", () => {
  symlinkSync("sub", join(root, "folder"));
  expect([root, join(root, "sub")].map(isCachedFolder)).toEqual([true, true]);
  expect(["folder", "sub/page", "none"].map((name) => isCachedFolder(join(root, name)))).toEqual([false, false, false]);
});
