import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { Disk } from "../../src/store/wal.ts";

const blockBytes = 4096;

/**
 * Remembers what of each file has reached the disk, so that a test can make files as a power failure may leave them: each
 * block as it was at the last sync, or as it is now.
 */
export class PowerCut implements Disk {
  /** The contents at the last sync, by name. */
  readonly #synced = new Map<string, Buffer>();
  /** Called before each sync: the moment at which most is at risk. */
  onSync: () => Promise<void> = async () => {};
  syncs = 0;

  async sync(fd: number): Promise<void> {
    await this.onSync();
    this.syncNow(fd);
  }

  syncNow(fd: number): void {
    this.syncs += 1;
    this.remember(readlinkSync(`/proc/self/fd/${fd}`));
  }

  /** Call if the file was synced by somebody else. */
  remember(path: string): void {
    this.#synced.set(basename(path), readFileSync(path));
  }

  /** What may be on disk of this file. `random` decides block by block. */
  leftOf(path: string, random: () => number): Buffer {
    const now = readFileSync(path);
    const before = this.#synced.get(basename(path)) ?? Buffer.alloc(0);
    const left = Buffer.alloc(random() < 0.5 ? now.length : before.length);
    for (let at = 0; at < left.length; at += blockBytes) {
      const source = random() < 0.5 ? now : before;
      source.subarray(at, at + blockBytes).copy(left, at);
    }
    return left;
  }
}
