import { closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { rotateFile } from "../../files/rotate-file.ts";
import { log } from "../../log.ts";
import { stderr, stdout } from "../../log/outlet.ts";
import type { Rotation } from "../../template/template.ts";
import { redirectOutput, saveOutput } from "./redirect.ts";

/** The log file cannot be opened. The message names the file and the reason. */
export class LogFileError extends Error {
  override readonly name = "LogFileError";
}

/** The file that stdout and stderr of this process are redirected to. */
export interface LogFile {
  readonly path: string;
  /** Opens `path` again, after another program has renamed the file. If that fails, logs it and keeps the old file. */
  reopen(): void;
  /** Restores the descriptors that the process was started with. */
  close(): void;
}

/** Other users cannot read the file: with `-vv` it contains the output of processes. */
const fileMode = 0o640;

/**
 * Appends everything that this process writes to `path`, which must be absolute. Without `rotation` the file grows until
 * another program rotates it. Throws LogFileError.
 */
export function openLogFile(path: string, rotation?: Rotation): LogFile {
  let restore: () => void;
  let hasRotationFailed = false;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    restore = saveOutput();
    append(path);
  } catch (error) {
    throw new LogFileError(
      `cannot open the log file \`${path}\`: ${(error as Error).message}; choose another one with --log-file`,
      {
        cause: error,
      },
    );
  }

  const reopen = () => {
    try {
      append(path);
    } catch (error) {
      log.error(`cannot reopen the log file \`${path}\`, still writing to the old one: ${(error as Error).message}`);
    }
  };

  const rotateIfFull = ({ maxBytes, keep }: Rotation) => {
    const { size, ino } = fstatSync(1);
    if (hasRotationFailed || size < maxBytes) return;
    try {
      // Another gafferd with the same file may have rotated it already.
      if (statSync(path, { throwIfNoEntry: false })?.ino === ino) rotateFile(path, keep);
      append(path);
    } catch (error) {
      // Otherwise every further line would try, and log, again.
      hasRotationFailed = true;
      log.error(`cannot rotate the log file \`${path}\`, which now grows without limit: ${(error as Error).message}`);
    }
  };
  const stopWatching = [stdout, stderr].map((outlet) =>
    rotation === undefined ? () => {} : outlet.onWritten(() => rotateIfFull(rotation)),
  );

  return {
    path,
    reopen,
    close() {
      for (const stop of stopWatching) stop();
      restore();
    },
  };
}

function append(path: string): void {
  const descriptor = openSync(path, "a", fileMode);
  try {
    redirectOutput(descriptor);
    for (const outlet of [stdout, stderr]) outlet.reset();
  } finally {
    closeSync(descriptor);
  }
}
