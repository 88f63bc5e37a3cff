import { basename, resolve } from "node:path";
import { inspectProgram, type ProgramFile } from "./program-file.ts";

export interface ProgramContext {
  /** Absolute. Relative paths start here. */
  readonly cwd: string;
  /** `PATH` of the process's environment. */
  readonly searchPath: string;
  /** Returns undefined if the file at `path` can be executed, `absent` if it does not exist, else the reason. */
  readonly faultOf: (path: string) => string | undefined;
}

/** The file does not exist. */
export const absent = "absent";

/**
 * Returns why a dependency of a program file cannot be started, or undefined if none is known to be missing. A dependency
 * is the interpreter of a script, including one that `env` looks up, or the loader of an ELF program.
 */
export function missingDependencyOf(path: string, context: ProgramContext): string | undefined {
  const file = inspectProgram(path);
  if (file?.kind === "bad-script") return file.fault;
  if (file?.kind === "elf") return missingLoader(file.loader, context);
  if (file?.kind !== "script") return undefined;
  const { interpreter } = file;
  const fault = context.faultOf(resolve(context.cwd, interpreter));
  if (fault !== undefined && interpreter.endsWith("\r")) return carriageReturn(path, file.firstLine);
  if (fault === absent) return `its interpreter \`${interpreter}\` does not exist`;
  if (fault !== undefined) return `its interpreter cannot be executed: ${fault}`;
  if (basename(interpreter) === "env") return missingForEnv(path, file, context);
  const isOption = file.argument.endsWith("\r") && strictInterpreters.test(basename(interpreter));
  return isOption ? carriageReturn(path, file.firstLine) : undefined;
}

/** Interpreters that reject an option with a trailing carriage return. Perl and Ruby ignore it. */
const strictInterpreters = /^([bd]?a|[ckz]|fi)?sh$|^(python|pypy|node|bun|php|awk|gawk|mawk)[\d.]*$/;

/** Describes why the kernel cannot execute a file (ENOEXEC). */
export function formatFaultOf(path: string): string {
  const file = inspectProgram(path);
  switch (file?.kind) {
    case "bad-script":
      return file.fault;
    case "empty":
      return `${path} is empty`;
    case "byte-order-mark":
      return file.encoding === "UTF-8"
        ? `${path} begins with a byte order mark, which hides its first line from the system; save it as UTF-8 without one`
        : `${path} is saved as UTF-16; save it as UTF-8 without a byte order mark`;
    case "elf":
      if (file.machine === 0 || file.machine === ownMachine) return `${path} is a damaged program file`;
      return `${path} is built for another architecture (${machineNames[file.machine] ?? `ELF machine ${file.machine}`}); this machine is ${process.arch}`;
    default:
      return `${path} is not in an executable format; a script needs a first line such as \`#!/bin/sh\``;
  }
}

const ownMachine = { x64: 62, arm64: 183 }[process.arch as string];

/** Names of common values of `e_machine` in elf.h. */
const machineNames: Readonly<Record<number, string>> = {
  3: "x86",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC 64",
  22: "S390",
  40: "ARM",
  62: "x86-64",
  183: "ARM 64",
  243: "RISC-V",
};

function missingLoader(loader: string | undefined, { cwd, faultOf }: ProgramContext): string | undefined {
  if (loader === undefined || faultOf(resolve(cwd, loader)) !== absent) return undefined;
  return `its loader \`${loader}\` does not exist; it was built for another C library or another machine`;
}

type Script = Extract<ProgramFile, { kind: "script" }>;

/** Looks up a program as `env` does. `env` reports a missing program only on stderr and by exit code 127. */
function missingForEnv(path: string, { argument, firstLine }: Script, context: ProgramContext): string | undefined {
  const program = programOfEnv(argument);
  if (program === undefined) return undefined;
  const { cwd, searchPath, faultOf } = context;
  const paths = program.includes("/")
    ? [program]
    : searchPath.split(":").map((directory) => resolve(cwd, directory, program));
  if (paths.some((each) => faultOf(resolve(cwd, each)) === undefined)) return undefined;
  if (program.endsWith("\r")) return carriageReturn(path, firstLine);
  const where = program.includes("/") ? "does not exist" : `is not in PATH (${searchPath})`;
  return `its interpreter \`${program}\`, named in \`${firstLine}\`, ${where}`;
}

/** Returns `bun` for `bun` and for `-S A=1 bun run`. Undefined if the arguments use other options of `env`. */
function programOfEnv(argument: string): string | undefined {
  const split = /^(?:-S|--split-string=)[ \t]*(.*)$/s.exec(argument)?.[1];
  // Without -S, the whole argument is the program name, including its blanks.
  const words = split === undefined ? [argument] : split.split(/\s+/);
  const program = words.find((word) => !/^[A-Za-z_]\w*=/.test(word));
  return program === undefined || program === "" || /^-|["'\\$]/.test(program) ? undefined : program;
}

function carriageReturn(path: string, firstLine: string): string {
  const shown = firstLine.replace(/\r$/, "\\r");
  return `its first line \`${shown}\` ends with a carriage return, which becomes part of its last word; convert the line endings (\`sed -i 's/\\r$//' ${path}\`)`;
}
