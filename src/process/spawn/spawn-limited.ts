import { fileLimit, setFileLimit, startingFileLimit } from "../../file-limit.ts";
import { takeLowDescriptor } from "./low-descriptors.ts";

type Writable = Bun.Spawn.Writable;
type Readable = Bun.Spawn.Readable;
type SpawnOptions = Bun.Spawn.SpawnOptions<Writable, Readable, Readable> & { cmd: string[] };

/**
 * `Bun.spawn`, for a child with the limit of open files that gafferd was started with: gafferd's own is lowered to it
 * while the child is made. That needs a free descriptor below the limit. Without one a shell lowers the limit in the
 * child, which takes half a millisecond more; the program then sees its path as its name.
 */
export function spawnLimited(options: SpawnOptions): Bun.Subprocess {
  const soft = startingFileLimit();
  const own = soft === undefined ? undefined : fileLimit();
  if (soft === undefined || own === undefined || soft >= own.soft) return Bun.spawn(options);
  if (takeLowDescriptor({ below: soft, limit: own.soft }) && setFileLimit({ ...own, soft })) {
    try {
      return Bun.spawn(options);
    } catch (error) {
      // Bun needed more descriptors than one. It started nothing.
      if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
    } finally {
      setFileLimit(own);
    }
  }
  const { argv0: _, cmd, ...others } = options;
  return Bun.spawn({ ...others, cmd: ["/bin/sh", "-c", `ulimit -S -n ${soft}; exec "$@"`, "sh", ...cmd] });
}
