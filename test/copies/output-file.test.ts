import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputFile, type OutputFileOptions } from "../../src/copies/output-file.ts";
import { canMount, mountTinyDisk } from "../faults/tiny-disk.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "output-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function open(options: Partial<OutputFileOptions> = {}) {
  const path = options.path ?? join(folder, `case-${++count}`, "out.log");
  const errors: string[] = [];
  const closing = new AbortController();
  const file = new OutputFile({
    signal: closing.signal,
    log: { ...silentLog, error: (message) => void errors.push(message), info: (message) => void errors.push(message) },
    ...options,
    path,
  });
  const write = (text: string) => file.append(Buffer.from(text));
  return { file, path, errors, write, read: (suffix = "") => readFileSync(path + suffix, "utf8"), closing };
}

/** The error that keeps `file` from being written. */
async function errorOf({ file, errors, closing }: ReturnType<typeof open>): Promise<string> {
  const written = file.append(Buffer.from("secret\n"));
  await waitFor(() => errors[0], "an error");
  closing.abort();
  await written;
  return errors[0] ?? "";
}

test("an output file is created with its folders, and appended to", async () => {
  const { file, write, path, read } = open();
  await write("one\n");
  await file.close();
  await write("two\n");
  expect(read()).toBe("one\ntwo\n");
  expect(existsSync(path)).toBe(true);
  await file.close();
});

describe("rotation", () => {
  test("keeps files below the size, whole lines, and so many old files", async () => {
    const { file, write, read, path } = open({ rotation: { maxBytes: 10, keep: 2 } });
    await write("aaaa\nbbbb\ncccc\ndd\n");
    expect([read(".1"), read()]).toEqual(["aaaa\nbbbb\n", "cccc\ndd\n"]);
    await write("eeee\nffff\ngggg\n");
    expect([read(".2"), read(".1"), read()]).toEqual(["cccc\ndd\n", "eeee\nffff\n", "gggg\n"]);
    expect(existsSync(`${path}.3`)).toBe(false);
    await file.close();
  });

  test("never splits a line, even one that is longer than the size or comes in parts", async () => {
    const { file, write, read } = open({ rotation: { maxBytes: 10, keep: 9 } });
    await write("aa\n");
    await write(`${"b".repeat(15)}\ncc`);
    await write("c".repeat(20));
    await write("\ndd\n");
    expect([read(".3"), read(".2"), read(".1"), read()]).toEqual([
      "aa\n",
      `${"b".repeat(15)}\n`,
      `${"c".repeat(22)}\n`,
      "dd\n",
    ]);
    await file.close();
  });
});

test("a file that another program has moved away is opened again within a second, or at once after `reopen`", async () => {
  const { file, write, read, path } = open();
  await write("one\n");
  renameSync(path, `${path}.old`);
  file.reopen();
  await write("two\n");
  expect([read(".old"), read()]).toEqual(["one\n", "two\n"]);
  rmSync(path);
  let lines = 0;
  await waitFor(async () => {
    await write(`${++lines}\n`);
    return existsSync(path);
  }, "the file to be opened again");
  expect(read()).toBe(`${lines}\n`);
  await file.close();
});

test("a file that another program has emptied is not rotated before it is full again", async () => {
  const { file, write, read, path } = open({ rotation: { maxBytes: 10, keep: 1 } });
  await write("aaaa\nbbb\n");
  truncateSync(path);
  await Bun.sleep(1050);
  await write("cc\n");
  await write("dd\n");
  expect(existsSync(`${path}.1`)).toBe(false);
  expect(read()).toBe("cc\ndd\n");
  await file.close();
});

test("a text of gafferd begins on a line of its own", async () => {
  const { file, write, read } = open();
  await write("prompt> ");
  await file.append("gafferd: lost\n");
  await write("line\n");
  await file.append("gafferd: lost\n");
  expect(read()).toBe("prompt> \ngafferd: lost\nline\ngafferd: lost\n");
  await file.close();
});

describe("refuses, without waiting,", () => {
  test.each<[string, (path: string) => void, string]>([
    ["a link", (path) => symlinkSync("/etc/passwd", path), "it is a link"],
    ["a FIFO", (path) => Bun.spawnSync(["mkfifo", path]), "it is a FIFO without a reader"],
    ["a folder", (path) => Bun.spawnSync(["mkdir", path]), "directory"],
  ])("%s", async (_, make, reason) => {
    const path = join(folder, `bad-${++count}`);
    make(path);
    const opened = open({ path });
    expect(await errorOf(opened)).toContain(reason);
    await opened.file.close();
  });

  test("a device", async () => {
    const opened = open({ path: "/dev/null" });
    expect(await errorOf(opened)).toContain("cannot write output to /dev/null: it is a device");
    await opened.file.close();
  });
});

describe.skipIf(process.geteuid?.() !== 0)("as root", () => {
  const owned = join(folder, "owned");
  Bun.spawnSync(["install", "-d", "-m", "0755", "-o", "65534", owned]);

  test("a path that another user can replace is refused", async () => {
    const opened = open({ path: join(owned, "out.log") });
    expect(await errorOf(opened)).toContain(`${owned} belongs to user 65534`);
    expect(existsSync(opened.path)).toBe(false);
    await opened.file.close();
  });

  test("it is written with the permissions of the template's user", async () => {
    Bun.spawnSync(["chmod", "0711", folder]);
    const secret = join(folder, "secret");
    writeFileSync(secret, "", { mode: 0o600 });
    const user = { uid: 65534, gid: 65534, groups: [] };
    const fine = open({ path: join(owned, "fine.log"), user });
    await fine.write("line\n");
    expect(fine.read()).toBe("line\n");
    await fine.file.close();
    linkSync(secret, join(owned, "linked.log"));
    const linked = open({ path: join(owned, "linked.log"), user });
    expect(await errorOf(linked)).toContain("EACCES");
    expect(readFileSync(secret, "utf8")).toBe("");
    await linked.file.close();
  });
});

test.skipIf(!canMount)("a full disk is logged once, and writing goes on when there is space", async () => {
  using disk = mountTinyDisk();
  const { file, write, read, errors, path } = open({ path: join(disk.path, "out.log") });
  await write("one\n");
  disk.fill();
  const text = `${"x".repeat(99)}\n`.repeat(100);
  const written = write(text);
  await waitFor(() => errors[0], "an error");
  disk.free();
  await written;
  expect(read()).toBe(`one\n${text}`);
  expect(errors).toEqual([
    expect.stringMatching(/^cannot write output to .*out.log: ENOSPC: no space left on device/),
    `writing to ${path} again`,
  ]);
  await file.close();
});
