import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GafferdError } from "../../../src/errors.ts";
import type { ProcessTemplate } from "../../../src/template/template.ts";
import { isRoot, readText } from "../observe.ts";
import { sampleTemplate } from "../sample-template.ts";
import { startProcess } from "../start-process.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-program-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "empty-bin"));

const path = join(folder, "program");

function put(content: string | Uint8Array): void {
  rmSync(path, { force: true });
  writeFileSync(path, content);
  chmodSync(path, 0o755);
}

/** `/bin/true` with some bytes replaced. */
function putChanged(change: (bytes: Buffer) => void): void {
  const bytes = readFileSync("/bin/true");
  change(bytes);
  put(bytes);
}

/** The message of the refusal to start the program. */
function refusal(overrides: Partial<ProcessTemplate> = {}): string {
  try {
    startProcess(sampleTemplate({ cmd: "./program", cwd: folder, ...overrides })).kill();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    expect(error).toMatchObject({ code: "spawn_failed", field: "cmd", details: { transient: false } });
    return error.message.replace(/^cannot start `[^`]*`: /, "").replaceAll(folder, "DIR");
  }
  throw new Error("it was started");
}

async function output(overrides: Partial<ProcessTemplate> = {}): Promise<string> {
  const process = startProcess(
    sampleTemplate({ cmd: "./program", cwd: folder, redirectOutput: ["out"], ...overrides }),
  );
  return await readText(process.outputs[0]);
}

const carriageReturn = (line: string) =>
  `its first line \`${line}\\r\` ends with a carriage return, which becomes part of its last word; convert the line endings (\`sed -i 's/\\r$//' DIR/program\`)`;

describe("a script with Windows line endings is refused, and the message names the carriage return", () => {
  test.each([
    "#!/bin/sh",
    "#! /bin/sh",
    "#!/bin/sh -e",
    "#!/usr/bin/env bash",
    "#!/usr/bin/python3 -u",
    "#!/no/such/interpreter",
  ])("%s", (line) => {
    put(`${line}\r\necho hello\r\n`);
    expect(refusal()).toBe(carriageReturn(line));
  });

  test("even if it is found in PATH or runs as another user", () => {
    put("#!/bin/sh\r\n");
    expect(refusal({ cmd: "program", env: { PATH: folder } })).toBe(carriageReturn("#!/bin/sh"));
    if (isRoot) expect(refusal({ uid: 54_321, gid: 54_321 })).toBe(carriageReturn("#!/bin/sh"));
  });

  test("the `sed` command of the message fixes it", async () => {
    put("#!/bin/sh\r\necho hello\r\n");
    const [, command = ""] = /convert the line endings \(`(.*)`\)/.exec(refusal().replaceAll("DIR", folder)) ?? [];
    await Bun.$`sh -c ${command}`.quiet();
    expect(await output()).toBe("hello\n");
  });

  test("unless its interpreter ignores the carriage return", async () => {
    put("#!/usr/bin/perl -w\r\nprint 1;\r\n");
    expect(await output()).toBe("1");
  });
});

describe("a script is refused when its interpreter", () => {
  test.each([
    ["does not exist", "#!/no/such/sh -e\n", "its interpreter `/no/such/sh` does not exist"],
    ["is relative and does not exist", "#!bin/sh\n", "its interpreter `bin/sh` does not exist"],
    ["is a folder", "#!/etc\n", "its interpreter cannot be executed: /etc is a directory"],
    [
      "is not executable",
      "#!/etc/passwd\n",
      "its interpreter cannot be executed: /etc/passwd is not executable (permission denied)",
    ],
    ["is not named", "#!\necho\n", "its first line `#!` names no interpreter"],
    ["is not named before a carriage return", "#!\r\necho\n", "its first line `#!` names no interpreter"],
    [
      "has a path that is too long",
      `#!/${"x".repeat(300)}\n`,
      "the path of its interpreter is longer than the 253 bytes that the kernel reads",
    ],
    [
      "is not found by env",
      "#!/usr/bin/env no-such-python\n",
      "its interpreter `no-such-python`, named in `#!/usr/bin/env no-such-python`, is not in PATH (/usr/bin:/bin)",
    ],
    [
      "is not found by env -S",
      "#!/usr/bin/env -S A=1 no-such-node --flag\n",
      "its interpreter `no-such-node`, named in `#!/usr/bin/env -S A=1 no-such-node --flag`, is not in PATH (/usr/bin:/bin)",
    ],
    [
      "is an argument of env with blanks",
      "#!/usr/bin/env sh -e\n",
      "its interpreter `sh -e`, named in `#!/usr/bin/env sh -e`, is not in PATH (/usr/bin:/bin)",
    ],
    [
      "is a path that env does not find",
      "#!/usr/bin/env /no/such/sh\n",
      "its interpreter `/no/such/sh`, named in `#!/usr/bin/env /no/such/sh`, does not exist",
    ],
  ])("%s", (_, text, reason) => {
    put(text);
    expect(refusal({ env: { PATH: "/usr/bin:/bin" } })).toBe(reason);
  });
});

describe("a file that is not a program is refused with its kind", () => {
  const script = "#!/bin/sh\necho hello\n";
  const other = "DIR/program is not in an executable format; a script needs a first line such as `#!/bin/sh`";

  test.each<[string, string | Uint8Array, string]>([
    [
      "with a byte order mark",
      `\uFEFF${script}`,
      "DIR/program begins with a byte order mark, which hides its first line from the system; save it as UTF-8 without one",
    ],
    [
      "in UTF-16",
      Buffer.from(`\uFEFF${script}`, "utf16le"),
      "DIR/program is saved as UTF-16; save it as UTF-8 without a byte order mark",
    ],
    [
      "in UTF-16, big-endian",
      Buffer.from(`\uFEFF${script}`, "utf16le").swap16(),
      "DIR/program is saved as UTF-16; save it as UTF-8 without a byte order mark",
    ],
    ["that is empty", "", "DIR/program is empty"],
    ["without a first line", "echo hello\n", other],
    ["of a later first line", "\n#!/bin/sh\n", other],
  ])("%s", (_, content, reason) => {
    put(content);
    expect(refusal()).toBe(reason);
  });

  test("a program for another architecture", () => {
    putChanged((bytes) => bytes.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18));
    const machine = process.arch === "arm64" ? "x86-64" : "ARM 64";
    expect(refusal()).toBe(
      `DIR/program is built for another architecture (${machine}); this machine is ${process.arch}`,
    );
  });

  test("a program whose loader is missing, for example one for another C library", () => {
    putChanged((bytes) => {
      const at = bytes.indexOf("/lib");
      expect(at).toBeWithin(1, 4096);
      bytes.write("/l1b", at);
    });
    expect(refusal()).toMatch(
      /^its loader `\/l1b\S+` does not exist; it was built for another C library or another machine$/,
    );
  });
});

describe("a program is started", () => {
  test.each([
    ["by env", "#!/usr/bin/env sh\necho hello\n", "hello\n"],
    ["by env -S with options and variables", "#!/usr/bin/env -S A=1 sh -e\necho hello $A\n", "hello 1\n"],
    ["by env with options that gafferd does not interpret", "#!/usr/bin/env -S -i sh\necho hello $HOME\n", "hello\n"],
    ["by env -S, for which a carriage return is a blank", "#!/usr/bin/env -S sh -e\r\necho hello # \r\n", "hello\n"],
    ["with blanks before and after the interpreter", "#! \t/bin/sh \t\necho hello\n", "hello\n"],
    ["without a newline at its end", "#!/bin/echo", "PATH\n"],
    ["with carriage returns on other lines alone", "#!/bin/sh\necho hello # \r\n", "hello\n"],
  ])("%s", async (_, text, expected) => {
    put(text);
    expect((await output()).replace(path, "PATH")).toBe(expected);
  });

  test("that is linked statically or dynamically", async () => {
    copyFileSync("/bin/echo", path);
    expect(await output({ args: ["hello"] })).toBe("hello\n");
  });
});
