import { readdirSync } from "node:fs";
import type { LoopLagReading } from "./loop-lag.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

export interface HostReading {
  /** The version of gafferd. */
  readonly version: string;
  /** Processes started since the daemon started. */
  readonly spawns: number;
  readonly loopLag: LoopLagReading;
}

/** Metrics of the daemon itself. `process_…` are the standard names, which dashboards expect. */
export function hostFamilies({ version, spawns, loopLag }: HostReading): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: "gafferd_build_info",
      type: "gauge",
      help: "Always 1. The labels are the versions of gafferd and Bun.",
      samples: [{ labels: { version, bun: Bun.version }, value: 1 }],
    },
    {
      name: "gafferd_spawns_total",
      type: "counter",
      help: "Processes started, including those of deleted templates.",
      samples: [{ value: spawns }],
    },
    {
      name: "gafferd_event_loop_lag_seconds",
      type: "histogram",
      help: "Delay of the daemon's timers, measured every 100 ms until 5 minutes after the last scrape.",
      samples: lagSamples(loopLag),
    },
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "User and system CPU time of the daemon, in seconds.",
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of the daemon, in bytes.",
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: "process_open_fds",
      type: "gauge",
      help: "Open file descriptors of the daemon.",
      samples: openFds().map((value) => ({ value })),
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "Start time of the daemon, in seconds since the Unix epoch.",
      samples: [{ value: performance.timeOrigin / 1000 }],
    },
  ];
}

function lagSamples({ buckets, count, sumSeconds }: LoopLagReading): MetricSample[] {
  return [
    ...buckets.map((bucket) => ({ suffix: "_bucket", labels: { le: bucket.atMostSeconds }, value: bucket.count })),
    { suffix: "_bucket", labels: { le: "+Inf" }, value: count },
    { suffix: "_sum", value: sumSeconds },
    { suffix: "_count", value: count },
  ];
}

/** Does not count the descriptor that reads the folder. Empty if no descriptor is free. `/dev/fd` exists on Linux and macOS. */
function openFds(): number[] {
  try {
    return [readdirSync("/dev/fd").length - 1];
  } catch {
    return [];
  }
}
