import { closeSync, constants, mkdtempSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";

export const lineBytes = 100;
export const fileLines = 5_000_000;
export const fileBytes = lineBytes * fileLines;

/**
 * Printed by `gated-cat.sh` before it waits. It is as long as all other lines: after 1 to 15 bytes, every copy into the ring
 * would be twelve times slower on some processors (`rep movsb` on AMD's Zen 4, glibc bug 30994) and distort the figures.
 */
export const greeting = `${"ready".padEnd(lineBytes - 1, ".")}\n`;
/** The last line of the file, different from all others. */
export const lastLine = `${"the end".padEnd(lineBytes - 1, ".")}\n`;

/** A directory in memory with a file of lines and a program that waits for a gate before it prints the file. */
export interface Workspace {
  readonly path: string;
  /** A command that prints `greeting`, waits for the gate, then runs `cat` on the file. Run it in `path`. */
  readonly gatedCat: string;
  /** Lets the waiting program continue. Resolves to the time (`performance.now()`). */
  openGate(): Promise<number>;
  remove(): void;
}

export function createWorkspace(): Workspace {
  const path = mkdtempSync(join(hasRoom("/dev/shm") ? "/dev/shm" : tmpdir(), "gafferd-bench-"));
  const gate = join(path, "gate");
  writeLines(join(path, "lines"));
  writeFileSync(join(path, "gated-cat.sh"), `printf '${greeting.trim()}\\n'\nread go <gate\nexec cat lines\n`);
  const { exitCode } = Bun.spawnSync(["mkfifo", gate]);
  if (exitCode !== 0) throw new Error("cannot make a fifo: `mkfifo` failed");
  return {
    path,
    gatedCat: "sh gated-cat.sh",
    async openGate() {
      const fd = await waitFor(() => openForWriting(gate), "a program to wait for the gate");
      const openedMs = performance.now();
      writeSync(fd, "go\n");
      closeSync(fd);
      return openedMs;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > fileBytes * 1.5;
  } catch {
    return false;
  }
}

function writeLines(path: string): void {
  const linesAtOnce = 10_000;
  const texts = Array.from({ length: linesAtOnce }, (_, index) => {
    const start = `${String(index).padStart(6, "0")} GET /some/path?of=a&log=${index * 7919} took ${index % 977} ms `;
    return `${start.padEnd(lineBytes - 1, "the quick brown fox jumps over the lazy dog ")}\n`;
  });
  const block = Buffer.from(texts.join(""));
  const lastBlock = Buffer.from([...texts.slice(0, -1), lastLine].join(""));
  const fd = openSync(path, "wx");
  const blocks = fileLines / linesAtOnce;
  for (let count = 1; count < blocks; count++) writeSync(fd, block);
  writeSync(fd, lastBlock);
  closeSync(fd);
}

/** Undefined while no process has opened the fifo for reading. */
function openForWriting(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return undefined;
    throw error;
  }
}
