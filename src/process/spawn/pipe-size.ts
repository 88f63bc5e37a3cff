import { closeSync } from "node:fs";
import { libc } from "../libc.ts";

/** The capacity of a new pipe on Linux. */
const firstBytes = 64 * 1024;
/** More saves no more CPU time (measured with `bun run bench relay`). */
const wideBytes = 256 * 1024;
/** A user without privileges has 64 MiB for pipes. Beyond that, the kernel gives a new pipe only 8 KiB. */
const maxWidePipes = 64;

/** F_SETPIPE_SZ and F_DUPFD_CLOEXEC on Linux; see fcntl(2). */
const setPipeSize = 1031;
const duplicateAndCloseOnExec = 1030;

let widePipes = 0;

/**
 * The capacity of the pipe of an output. The first chunk that fills the pipe widens it, so that a process that writes much
 * is woken, read and sent less often: that saves a fifth of the CPU time. Linux only.
 */
export class PipeSize {
  readonly #fd: number;
  #isFirst = process.platform === "linux";
  #isWide = false;

  /**
   * Call directly before Bun (1.4.5) duplicates `readEnd`. Bun does not tell the descriptor of its duplicate, but it is the
   * lowest free one. If it were another, widening would fail or widen another pipe, which does no harm.
   */
  constructor(readEnd: number) {
    this.#fd = this.#isFirst ? libc().fcntl(readEnd, duplicateAndCloseOnExec, 0) : -1;
    if (this.#fd >= 0) closeSync(this.#fd);
  }

  /** Call with the length of each chunk, while the pipe is open. */
  chunkRead(bytes: number): void {
    if (bytes < firstBytes || !this.#isFirst || widePipes >= maxWidePipes) return;
    this.#isFirst = false;
    this.#isWide = libc().fcntl(this.#fd, setPipeSize, wideBytes) >= 0;
    if (this.#isWide) widePipes += 1;
  }

  /** Call when the pipe has been read to its end. */
  close(): void {
    if (this.#isWide) widePipes -= 1;
    this.#isWide = false;
    this.#isFirst = false;
  }
}
