import { type App, type Manager, parseDuration, parseSize, Plugin, type PluginConfig, type UsageView } from "gafferd";

/**
 * Restarts a template that uses more memory than its limit:
 *
 *     [plugin:memory-guard]
 *     web = 200m
 *     . = 1g
 *     interval = 5s
 *
 * `.` is the limit of each template without its own limit; `interval` is the time between two checks.
 * The memory of a template is the sum of the resident memory of its processes and all their descendants. Shared pages
 * count for each process.
 */
export class MemoryGuard extends Plugin {
  override name = "memory-guard";
  override version = "1.0";
  override description = "restarts a template that uses more memory than its limit";

  override app(config: PluginConfig): App | undefined {
    if (Object.keys(config.section).length === 0) return undefined;
    return new MemoryGuardApp(readSettings(config));
  }
}

interface Settings {
  readonly intervalMs: number;
  /** Bytes by template name; `.` is the limit of templates without their own. */
  readonly limits: ReadonlyMap<string, number>;
}

const defaultIntervalMs = 5000;
const minIntervalMs = 100;
const mebibyte = 1024 ** 2;

class MemoryGuardApp implements App {
  readonly #settings: Settings;
  readonly #restarting = new Set<string>();
  #timer: Timer | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  start(manager: Manager): void {
    this.#timer = setInterval(() => {
      for (const name of manager.names()) void this.#check(manager, name);
    }, this.#settings.intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(manager: Manager, name: string): Promise<void> {
    const limit = this.#settings.limits.get(name) ?? this.#settings.limits.get(".");
    // During a restart, the old and the new process may run at the same time.
    if (limit === undefined || this.#restarting.has(name)) return;
    try {
      const bytes = sumOf(await manager.usage(name));
      if (bytes > limit && !this.#restarting.has(name)) await this.#restart(manager, name, { bytes, limit });
    } catch (error) {
      // The template may have been deleted, or gafferd is stopping.
      manager.log.debug(`cannot check the memory of ${name}`, error);
    }
  }

  async #restart(manager: Manager, name: string, { bytes, limit }: { bytes: number; limit: number }): Promise<void> {
    manager.log.warn(`restarting ${name}: it uses ${toMebibytes(bytes)} MiB, its limit is ${toMebibytes(limit)} MiB`);
    this.#restarting.add(name);
    try {
      await manager.restart(name);
    } finally {
      this.#restarting.delete(name);
    }
  }
}

function sumOf(usages: readonly Omit<UsageView, "id">[]): number {
  return usages.reduce((sum, { rssBytes, children }) => sum + rssBytes + sumOf(children), 0);
}

function toMebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(0);
}

function readSettings(config: PluginConfig): Settings {
  const { interval, ...sizes } = config.section;
  const read = <T>(key: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      throw config.error(key, (error as Error).message);
    }
  };
  const limits = new Map(Object.entries(sizes).map(([name, size]) => [name, read(name, () => parseSize(size))]));
  for (const [name, bytes] of limits) if (bytes === 0) throw config.error(name, "must be more than 0");
  if (limits.size === 0) {
    const advice = "write `NAME = 200m`, or `. = 1g` for all templates";
    throw config.error("interval", `has no effect without a limit; ${advice}`);
  }
  if (interval === undefined) return { intervalMs: defaultIntervalMs, limits };
  const intervalMs = read("interval", () => parseDuration(interval));
  if (intervalMs >= minIntervalMs) return { intervalMs, limits };
  throw config.error("interval", `must be ${minIntervalMs}ms or more, not ${interval}`);
}
