import { fileLimit, setFileLimit, startingFileLimit } from "../../file-limit.ts";
import { takeLowDescriptor } from "./low-descriptors.ts";

type Writable = Bun.Spawn.Writable;
type Readable = Bun.Spawn.Readable;
type SpawnOptions = Bun.Spawn.SpawnOptions<Writable, Readable, Readable> & { cmd: string[] };

/**
 * Calls `Bun.spawn` so that the child has the limit of open files that gafferd was started with. gafferd lowers its own
 * limit during the spawn, which needs a free descriptor below that limit. If there is none, a shell lowers the limit in
 * the child; that takes 0.5 ms longer, and the program sees its path as `argv[0]`.
 */
export function spawnLimited(options: SpawnOptions): Bun.Subprocess {
  const soft = startingFileLimit();
  const own = soft === undefined ? undefined : fileLimit();
  if (soft === undefined || own === undefined || soft >= own.soft) return Bun.spawn(options);
  if (takeLowDescriptor({ below: soft, limit: own.soft }) && setFileLimit({ ...own, soft })) {
    try {
      return Bun.spawn(options);
    } catch (error) {
      // Bun needed more than one descriptor. It did not start a process.
      if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
    } finally {
      setFileLimit(own);
    }
  }
  const { argv0: _, cmd, ...others } = options;
  return Bun.spawn({ ...others, cmd: ["/bin/sh", "-c", `ulimit -S -n ${soft}; exec "$@"`, "sh", ...cmd] });
}
