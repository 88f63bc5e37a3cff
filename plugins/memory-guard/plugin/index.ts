import { type App, type Manager, parseDuration, parseSize, Plugin, type PluginConfig, type UsageView } from "gafferd";

/**
 * Restarts a template whose memory passes a limit:
 *
 *     [plugin:memory-guard]
 *     web = 200m
 *     . = 1g
 *     interval = 5s
 *
 * `.` is the limit of each template that has none of its own, `interval` the time between two looks.
 * The memory of a template is the resident memory of its processes and all their descendants, together. Pages that they
 * share count for each.
 */
export class MemoryGuard extends Plugin {
  override name = "memory-guard";
  override version = "1.0";
  override description = "restarts a template whose memory passes its limit";

  override app(config: PluginConfig): App | undefined {
    if (Object.keys(config.section).length === 0) return undefined;
    return new MemoryGuardApp(readSettings(config));
  }
}

interface Settings {
  readonly intervalMs: number;
  /** By template; `.` is the limit of those that have none of their own. */
  readonly limits: ReadonlyMap<string, number>;
}

const defaultIntervalMs = 5000;
const shortestIntervalMs = 100;
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
    // The old process and its successor may both live while a restart is under way.
    if (limit === undefined || this.#restarting.has(name)) return;
    try {
      const bytes = sumOf(await manager.usage(name));
      if (bytes > limit && !this.#restarting.has(name)) await this.#restart(manager, name, { bytes, limit });
    } catch (error) {
      // It may have been deleted meanwhile, or gafferd stops.
      manager.log.debug(`cannot look after ${name}`, error);
    }
  }

  async #restart(manager: Manager, name: string, { bytes, limit }: { bytes: number; limit: number }): Promise<void> {
    manager.log.warn(`${name} takes ${toMebibytes(bytes)} MiB, more than its ${toMebibytes(limit)}: restarts it`);
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
    throw config.error("interval", `is of no use without a limit: ${advice}`);
  }
  if (interval === undefined) return { intervalMs: defaultIntervalMs, limits };
  const intervalMs = read("interval", () => parseDuration(interval));
  if (intervalMs >= shortestIntervalMs) return { intervalMs, limits };
  throw config.error("interval", `must be ${shortestIntervalMs}ms or more, not ${interval}`);
}
