import { existsSync, renameSync } from "node:fs";

/** `FILE` becomes `FILE.1`, `FILE.1` becomes `FILE.2`, and so on. Keeps `keep` old files: the oldest is overwritten. */
export function rotateFile(path: string, keep: number): void {
  for (let number = keep - 1; number >= 1; number--) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
}
