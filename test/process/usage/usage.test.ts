import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { countFds, readDetails } from "../../../src/process/usage/usage.ts";
import { waitFor } from "../../wait-for.ts";
import { isRoot } from "../observe.ts";
import { becomes, entryOf, shell, spawn, zombieOf } from "../spawned.ts";

const detailsOf = (osPid: number) => readDetails(entryOf(osPid));
const commandLineOf = (osPid: number) => detailsOf(osPid)?.identity.commandLine;

describe("the command line", () => {
  test("has the arguments, joined by spaces, in UTF-8", async () => {
    await using spawned = spawn("sh", "-c", "sleep 60; true", "ünï  code", "");
    await becomes(spawned.osPid, "sh");
    expect(commandLineOf(spawned.osPid)).toBe("sh -c sleep 60; true ünï  code");
  });

  test.skipIf(Bun.which("perl") === null)(
    "is the title that the program has set, without remains of its arguments",
    async () => {
      await using spawned = spawn("perl", "-e", `$0 = "my title"; sleep 60`, "a long word that a title writes over");
      await waitFor(() => commandLineOf(spawned.osPid) === "my title", "the title");
    },
  );

  test("is cut when it is long", async () => {
    await using spawned = spawn("sh", "-c", "sleep 60; true", "x".repeat(10_000));
    await becomes(spawned.osPid, "sh");
    expect(commandLineOf(spawned.osPid)).toMatch(/^sh -c sleep 60; true x+$/);
    expect(commandLineOf(spawned.osPid)).toHaveLength(4096);
  });

  test("is the name in brackets if there are no arguments", async () => {
    await using parent = shell("true & exec sleep 60");
    const zombie = await zombieOf(parent.osPid);
    expect(readDetails({ ...entryOf(parent.osPid), osPid: zombie, name: "sh" })?.identity.commandLine).toBe("[sh]");
  });
});

describe("the identity of a process", () => {
  test("is not read again until an exec", async () => {
    await using spawned = shell("read line; exec sleep 60");
    await becomes(spawned.osPid, "sh");
    const first = detailsOf(spawned.osPid)?.identity;
    expect(readDetails(entryOf(spawned.osPid), first)?.identity).toBe(first);
    spawned.goOn();
    await becomes(spawned.osPid, "sleep");
    expect(readDetails(entryOf(spawned.osPid), first)?.identity.commandLine).toBe("sleep 60");
  });

  test("is read again after 5 s, and for another process with the same pid", async () => {
    await using spawned = spawn("sleep", "60");
    await becomes(spawned.osPid, "sleep");
    const entry = entryOf(spawned.osPid);
    const known = (change: object) => ({
      username: "known",
      commandLine: "known",
      entry: { ...entry, ...change },
    });
    expect(readDetails(entry, known({}))?.identity.commandLine).toBe("known");
    expect(readDetails(entry, known({ readAtMs: entry.readAtMs - 5001 }))?.identity.commandLine).toBe("sleep 60");
    expect(readDetails(entry, known({ startedAtMs: 1 }))?.identity.commandLine).toBe("sleep 60");
  });

  test.skipIf(!isRoot)("has the user that the process runs as", async () => {
    await using own = spawn("sleep", "60");
    expect(detailsOf(own.osPid)?.identity.username).toBe("root");
    const other = Bun.spawn(["sleep", "60"], { uid: 65534, gid: 65534 });
    expect(detailsOf(other.pid)?.identity.username).toBe("nobody");
    other.kill("SIGKILL");
    await other.exited;
  });
});

describe("open descriptors", () => {
  test("are counted, and the count follows changes", async () => {
    await using spawned = shell("exec 5</dev/null 6</dev/null; read line; exec 7</dev/null; read line");
    await waitFor(() => detailsOf(spawned.osPid)?.openFds === 5, "two more than the usual three");
    spawned.goOn();
    await waitFor(() => detailsOf(spawned.osPid)?.openFds === 6, "one more");
  });

  test.skipIf(statSync("/proc/self/fd").size === 0)(
    "have the same count by directory size, which new kernels provide, and by name",
    async () => {
      await using spawned = shell("exec 5</dev/null; read line");
      await waitFor(() => countFds(spawned.osPid, true) === 4, "its descriptors");
      expect(countFds(spawned.osPid, false)).toBe(4);
    },
  );
});

const tmpfs = 0x01021994;

test.skipIf(statfsSync(tmpdir()).type === tmpfs)("bytes written to storage are counted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-usage-"));
  await using spawned = shell(`read line; printf %100000s > ${folder}/file; read line`);
  expect(detailsOf(spawned.osPid)).toMatchObject({ readBytes: expect.any(Number), writtenBytes: 0 });
  spawned.goOn();
  await waitFor(() => (detailsOf(spawned.osPid)?.writtenBytes ?? 0) >= 100_000, "what it wrote");
  rmSync(folder, { recursive: true });
});

test("a process that has exited has no details, even with a known identity", async () => {
  await using spawned = spawn("sleep", "60");
  const entry = entryOf(spawned.osPid);
  const identity = readDetails(entry)?.identity;
  await spawned.kill();
  expect(readDetails(entry)).toBeUndefined();
  expect(readDetails(entry, identity)).toBeUndefined();
});

test.skipIf(!isRoot)("values without permission are undefined, and the others are present", async () => {
  await using spawned = spawn("sleep", "60");
  await becomes(spawned.osPid, "sleep");
  const module = fileURLToPath(new URL("../../../src/process/usage/usage.ts", import.meta.url));
  const code = `
    const { countFds, readDetails } = await import(${JSON.stringify(module)});
    const { identity, ...rest } = readDetails(${JSON.stringify(entryOf(spawned.osPid))});
    console.log(JSON.stringify({ ...identity, ...rest, byName: countFds(${spawned.osPid}, false) ?? null }));`;
  const other = Bun.spawn([process.execPath, "-e", code], { uid: 65534, gid: 65534, env: { HOME: "/tmp" } });
  const seen = JSON.parse(await other.stdout.text());
  expect(seen).toMatchObject({ username: "root", commandLine: "sleep 60", byName: null });
  expect(seen).not.toHaveProperty("readBytes");
  expect(seen).not.toHaveProperty("writtenBytes");
});
