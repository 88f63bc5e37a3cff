import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small file system, mounted on a temporary directory. Dispose it to unmount. */
export interface TinyDisk extends Disposable {
  readonly path: string;
  /** Fills the disk. */
  fill(): void;
  /** Frees the space again. */
  free(): void;
  /** Makes it read-only. */
  lock(): void;
}

/** Whether this process may mount disks. Needs root, and is not allowed in all containers. */
export const canMount = (() => {
  try {
    mountTinyDisk()[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
})();

/** Mounts a disk of `size`, which is 64 KiB unless told. Throws when it cannot be mounted. */
export function mountTinyDisk(size = "64k"): TinyDisk {
  const path = mkdtempSync(join(tmpdir(), "gafferd-disk-"));
  const filler = join(path, "filler");
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${size}`, "gafferd-test", path);
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  return {
    path,
    fill() {
      for (const bytes of [4096, 1]) {
        try {
          for (;;) writeFileSync(filler, "x".repeat(bytes), { flag: "a" });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        }
      }
    },
    free: () => rmSync(filler),
    lock: () => run("mount", "-o", "remount,ro", path),
    [Symbol.dispose]() {
      // Lazily, because a program may still have a file open there.
      run("umount", "--lazy", path);
      rmSync(path, { recursive: true });
    },
  };
}

function run(...cmd: string[]): void {
  const { success, stderr } = Bun.spawnSync(cmd);
  if (!success) throw new Error(`${cmd.join(" ")}: ${stderr.toString()}`);
}
