import { closeSync, openSync, readSync } from "node:fs";

/** What a program file is, by its first bytes. */
export type ProgramFile =
  /** `#!/usr/bin/env -S bun run`: the kernel runs `interpreter` with all the rest as one `argument`. */
  | { readonly kind: "script"; readonly interpreter: string; readonly argument: string; readonly firstLine: string }
  /** Its first line names no interpreter, or the kernel does not read it to the end of the interpreter's path. */
  | { readonly kind: "bad-script"; readonly fault: string }
  /** `loader` is absent in a program that is not linked dynamically. */
  | { readonly kind: "elf"; readonly loader?: string; readonly machine: number }
  | { readonly kind: "byte-order-mark"; readonly encoding: "UTF-8" | "UTF-16" }
  | { readonly kind: "empty" | "other" };

/** The loader's path stands in the first page of what linkers make. */
const readBytes = 4096;
/** So much the kernel reads of a first line (BINPRM_BUF_SIZE of Linux). */
const firstLineBytes = 256;

/** Undefined for a file that cannot be read; it may be executable all the same. */
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

/** As the kernel reads it: blanks and tabs separate, nothing else, so that a carriage return belongs to a word. */
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
  /** An offset or a size: their upper halves are 0 where there is something to read. */
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
    return { kind: "elf", machine: 0 }; // It is cut off, or its table stands later.
  }
}
