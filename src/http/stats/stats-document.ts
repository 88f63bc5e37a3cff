import type { ProcessUsage, UsageSample } from "../../process/usage/sampler.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";
import { lazyList, type LazyLists } from "../operation/json-pieces.ts";
import type {
  Figure,
  ProcessStatsDocument,
  SupervisedStatsDocument,
  TemplateStatsDocument,
} from "../../documents/stats-schemas.ts";

export function toProcessStatsDocument(usage: ProcessUsage): ProcessStatsDocument {
  return {
    pid: usage.osPid,
    cpu: round(usage.cpuPercent, 1),
    mem: round(usage.memoryPercent, 2),
    mem_info1: formatBytes(usage.rssBytes),
    mem_info2: formatBytes(usage.vmsBytes),
    ctime: formatCpuTime(usage.cpuMs),
    username: usage.username,
    nice: usage.nice,
    cmdline: usage.commandLine,
    children: usage.children.map(toProcessStatsDocument),
    rss: usage.rssBytes,
    vms: usage.vmsBytes,
    fds: usage.openFds ?? null,
    threads: usage.threads ?? null,
    io_read: usage.readBytes ?? null,
    io_write: usage.writtenBytes ?? null,
  };
}

/** Like `toProcessStatsDocument`, with the slot and port of the process. */
export function toSupervisedStatsDocument(process: SupervisedProcess, usage: ProcessUsage): SupervisedStatsDocument {
  const { slot, port = null } = process;
  return { slot, port, ...toProcessStatsDocument(usage) };
}

/** Processes that exited before the sample was taken are left out. */
export function toTemplateStatsDocument(
  { template, processes }: Pick<Supervisor, "template" | "processes">,
  sample: UsageSample,
): LazyLists<TemplateStatsDocument> {
  const running = processes.flatMap((process) => {
    const usage = sample.usageOf(process.osPid);
    return usage === undefined ? [] : [{ process, usage }];
  });
  const [mem, max_mem, min_mem] = summarize(
    running.map(({ usage }) => usage.memoryPercent),
    2,
  );
  const [cpu, max_cpu, min_cpu] = summarize(
    running.map(({ usage }) => usage.cpuPercent),
    1,
  );
  const stats = lazyList(running, ({ process, usage }) => ({
    id: process.id,
    ...toSupervisedStatsDocument(process, usage),
  }));
  return { name: template.name, stats, mem, max_mem, min_mem, cpu, max_cpu, min_cpu };
}

const symbols = ["K", "M", "G", "T", "P", "E"];

/** `512B`, `1.0K`, `12.3M`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, "B"];
  for (const symbol of symbols) {
    if (value < 1024) break;
    [value, unit] = [value / 1024, symbol];
  }
  return unit === "B" ? `${bytes}B` : `${value.toFixed(1)}${unit}`;
}

/** `0:00.03`, `75:03.20`. */
export function formatCpuTime(cpuMs: number): string {
  const hundredths = Math.floor(cpuMs / 10);
  const seconds = Math.floor(hundredths / 100);
  const [ss, cc] = [seconds % 60, hundredths % 100].map((part) => String(part).padStart(2, "0"));
  return `${Math.floor(seconds / 60)}:${ss}.${cc}`;
}

/** The sum, the highest and the lowest value. */
function summarize(values: readonly number[], digits: number): [Figure, Figure, Figure] {
  if (values.length === 0) return ["N/A", "N/A", "N/A"];
  const sum = values.reduce((total, value) => total + value, 0);
  return [round(sum, digits), round(Math.max(...values), digits), round(Math.min(...values), digits)];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
