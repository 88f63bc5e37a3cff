/** What `/stats` answers: types alone, without the server behind them, so that programs for browsers can use them. */

/** What a process takes. `null` is what the system does not say, or not to gafferd. */
export interface ProcessStatsDocument {
  /** The kernel's. */
  readonly pid: number;
  /** Percent of one core since the sample before; in a first one since the process's start. */
  readonly cpu: number;
  /** Percent of the machine's memory. */
  readonly mem: number;
  /** `rss` for people: `"12.3M"`. */
  readonly mem_info1: string;
  /** `vms` for people. */
  readonly mem_info2: string;
  /** User and system time since its start, in minutes and seconds: `"75:03.20"`. */
  readonly ctime: string;
  readonly username: string;
  readonly nice: number;
  readonly cmdline: string;
  /** The processes that it has started and those that they have, nested; their figures are not in its own. */
  readonly children: readonly ProcessStatsDocument[];
  /** Bytes, as `vms`, `io_read` and `io_write`. */
  readonly rss: number;
  readonly vms: number;
  readonly fds: number | null;
  readonly threads: number | null;
  /** What was fetched from storage for it. */
  readonly io_read: number | null;
  /** What it sent to storage. */
  readonly io_write: number | null;
}

/** What stands for a figure where nothing runs. */
export type Figure = number | "N/A";

/** What the running processes of a template take, without their children. */
export interface TemplateStatsDocument {
  readonly name: string;
  /** `id` is gafferd's own number of the process. */
  readonly stats: readonly ({ readonly id: number } & ProcessStatsDocument)[];
  readonly mem: Figure;
  readonly max_mem: Figure;
  readonly min_mem: Figure;
  readonly cpu: Figure;
  readonly max_cpu: Figure;
  readonly min_cpu: Figure;
}
