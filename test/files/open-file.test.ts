import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readFileText } from "../../src/files/open-file.ts";

const isRoot = process.geteuid?.() === 0;
const nobody = { uid: 65534, gid: 65534, groups: [] };
const maxBytes = 1024 * 1024;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/tmp/gafferd-open-file-");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a file is refused at once, with the reason, if it is", () => {
  test("a FIFO", () => {
    Bun.spawnSync(["mkfifo", join(folder, "fifo")]);
    expect(() => readFileText(join(folder, "fifo"), { maxBytes })).toThrow("it is a FIFO, not a regular file");
  });

  test("a socket", async () => {
    const server = createServer();
    await new Promise<void>((done) => void server.listen(join(folder, "socket"), done));
    expect(() => readFileText(join(folder, "socket"), { maxBytes })).toThrow("not a regular file");
    server.close();
  });

  test("a device without an end", () => {
    expect(() => readFileText("/dev/zero", { maxBytes })).toThrow("it is a device, not a regular file");
  });

  test("a folder", () => {
    expect(() => readFileText(folder, { maxBytes })).toThrow("it is a directory");
  });

  test("too large, even if it is sparse", () => {
    const path = join(folder, "sparse");
    writeFileSync(path, "");
    truncateSync(path, 2 ** 30);
    expect(() => readFileText(path, { maxBytes })).toThrow("it is larger than 1 MiB");
  });
});

test("a file of exactly the limit is read, and so is one in /proc, which has no size", () => {
  writeFileSync(join(folder, "full"), "x".repeat(maxBytes));
  expect(readFileText(join(folder, "full"), { maxBytes })).toHaveLength(maxBytes);
  if (process.platform === "linux") expect(readFileText("/proc/self/status", { maxBytes })).toContain("Pid:");
});

describe.if(isRoot && process.platform === "linux")("as another user", () => {
  beforeEach(() => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "root"));
    writeFileSync(secret(), "A=secret", { mode: 0o600 });
    mkdirSync(join(folder, "theirs"));
    chownSync(join(folder, "theirs"), nobody.uid, nobody.gid);
  });

  test("a link in the user's folder to a file of root is refused", () => {
    symlinkSync(secret(), join(folder, "theirs", "env"));
    expect(() => readFileText(join(folder, "theirs", "env"), { maxBytes, user: nobody })).toThrow("permission denied");
  });

  test("a folder in the user's folder that is a link to a folder of root is refused", () => {
    symlinkSync(join(folder, "root"), join(folder, "theirs", "sub"));
    expect(() => readFileText(join(folder, "theirs", "sub", "secret"), { maxBytes, user: nobody })).toThrow(
      "permission denied",
    );
  });

  test("a file of root that the user could exchange is refused", () => {
    writeFileSync(join(folder, "theirs", "env"), "A=1", { mode: 0o600 });
    expect(() => readFileText(join(folder, "theirs", "env"), { maxBytes, user: nobody })).toThrow("permission denied");
  });

  test("a file of root that only root can have chosen is read", () => {
    expect(readFileText(secret(), { maxBytes, user: nobody })).toBe("A=secret");
  });

  test("the user's own file is read, and one that a supplementary group may read", () => {
    const path = join(folder, "theirs", "env");
    writeFileSync(path, "A=1", { mode: 0o600 });
    chownSync(path, nobody.uid, nobody.gid);
    expect(readFileText(path, { maxBytes, user: nobody })).toBe("A=1");
    chownSync(path, 0, 4711);
    chmodSync(path, 0o640);
    expect(() => readFileText(path, { maxBytes, user: nobody })).toThrow("permission denied");
    expect(readFileText(path, { maxBytes, user: { ...nobody, groups: [4711] } })).toBe("A=1");
  });

  test("gafferd has its own permissions and groups back afterwards", () => {
    const before = identity();
    expect(() => readFileText(join(folder, "none"), { maxBytes, user: nobody })).toThrow("ENOENT");
    expect(identity()).toBe(before);
    expect(readFileText(secret(), { maxBytes })).toBe("A=secret");
  });
});

function secret(): string {
  return join(folder, "root", "secret");
}

function identity(): string {
  const status = readFileText("/proc/thread-self/status", { maxBytes });
  return status
    .split("\n")
    .filter((line) => /^(Uid|Gid|Groups|Cap)/.test(line))
    .join("\n");
}
