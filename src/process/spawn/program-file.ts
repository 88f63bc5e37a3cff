import { closeSync, openSync, readSync } from "node:fs";

/** The kind of a program file, determined from its first bytes. */
export type ProgramFile =
  /** `#!/usr/bin/env -S bun run`: the kernel runs `interpreter` and passes the rest of the line as one `argument`. */
  | { readonly kind: "script"; readonly interpreter: string; readonly argument: string; readonly firstLine: string }
  /** A first line without an interpreter, or with an interpreter path that is longer than the kernel reads. */
  | { readonly kind: "bad-script"; readonly fault: string }
  /** `loader` is absent in a statically linked program. */
  | { readonly kind: "elf"; readonly loader?: string; readonly machine: number }
  | { readonly kind: "byte-order-mark"; readonly encoding: "UTF-8" | "UTF-16" }
  | { readonly kind: "empty" | "other" };

/** Linkers write the path of the loader into the first page. */
const readBytes = 4096;
/** The kernel reads this much of a first line (`BINPRM_BUF_SIZE` in Linux). */
const firstLineBytes = 256;

/** Returns undefined if the file cannot be read. Such a file may still be executable. */
export function inspectProgram(path: string): ProgramFile | undefined {
  const bytes = Buffer.alloc(readBytes);
  try {
    const fd = openSync(path, "r");
    try {
      return inspect(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function inspect(bytes: Buffer): ProgramFile {
  if (bytes.length === 0) return { kind: "empty" };
  if (bytes.toString("latin1", 0, 2) === "#!") return inspectScript(bytes);
  if (bytes.toString("latin1", 0, 4) === "\x7FELF") return inspectElf(bytes);
  if (bytes.toString("latin1", 0, 3) === "\xEF\xBB\xBF") return { kind: "byte-order-mark", encoding: "UTF-8" };
  if (["\xFF\xFE", "\xFE\xFF"].includes(bytes.toString("latin1", 0, 2)))
    return { kind: "byte-order-mark", encoding: "UTF-16" };
  return { kind: "other" };
}

/** Parses the first line like the kernel: only spaces and tabs separate words, so a carriage return is part of a word. */
function inspectScript(bytes: Buffer): ProgramFile {
  const read = bytes.toString("latin1", 0, firstLineBytes);
  const end = read.indexOf("\n");
  const firstLine = end < 0 ? read : read.slice(0, end);
  const [, interpreter = "", blank = "", argument = ""] =
    /^#![ \t]*([^ \t\0]*)([ \t]*)([^\0]*?)[ \t]*(?:\0|$)/s.exec(firstLine) ?? [];
  if (interpreter === "" || interpreter === "\r") {
    return { kind: "bad-script", fault: "its first line `#!` names no interpreter" };
  }
  if (end < 0 && blank === "" && bytes.length >= firstLineBytes) {
    return {
      kind: "bad-script",
      fault: "the path of its interpreter is longer than the 253 bytes that the kernel reads",
    };
  }
  return { kind: "script", interpreter, argument, firstLine };
}

const loaderSegment = 3; // PT_INTERP, see elf(5).

function inspectElf(bytes: Buffer): ProgramFile {
  const is64 = bytes[4] === 2;
  const isLittle = bytes[5] !== 2;
  const short = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const word = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  /** Reads an offset or a size. The upper half of a valid 64-bit value is 0. */
  const wide = (at: number) => (is64 && !isLittle ? word(at + 4) : word(at));
  try {
    const machine = short(18);
    const [tableAt, entryBytes, entries] = is64 ? [wide(32), short(54), short(56)] : [wide(28), short(42), short(44)];
    for (let index = 0; index < entries; index++) {
      const entry = tableAt + index * entryBytes;
      if (word(entry) !== loaderSegment) continue;
      const [at, length] = is64 ? [wide(entry + 8), wide(entry + 32)] : [wide(entry + 4), wide(entry + 16)];
      const loader = bytes.toString("utf8", at, at + length - 1);
      return { kind: "elf", machine, ...(at + length <= bytes.length && loader !== "" && { loader }) };
    }
    return { kind: "elf", machine };
  } catch {
    return { kind: "elf", machine: 0 }; // The file is truncated, or its table is past the bytes read.
  }
}
