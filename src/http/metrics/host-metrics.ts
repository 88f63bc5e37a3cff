import { readdirSync } from "node:fs";
import type { LoopLagReading } from "./loop-lag.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

export interface HostFigures {
  /** Of gafferd. */
  readonly version: string;
  /** Processes that were spawned since the daemon started. */
  readonly spawns: number;
  readonly loopLag: LoopLagReading;
}

/** What the daemon says of itself. `process_…` are the names that every exporter has for itself, and dashboards expect. */
export function hostFamilies({ version, spawns, loopLag }: HostFigures): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: "gafferd_build_info",
      type: "gauge",
      help: "Always 1; its labels are the versions of gafferd and of the Bun that runs it.",
      samples: [{ labels: { version, bun: Bun.version }, value: 1 }],
    },
    {
      name: "gafferd_spawns_total",
      type: "counter",
      help: "Processes that were spawned, those of deleted templates too.",
      samples: [{ value: spawns }],
    },
    {
      name: "gafferd_event_loop_lag_seconds",
      type: "histogram",
      help: "How late timers of the daemon ran, one every 100 ms; measured until 5 minutes after a scrape.",
      samples: lagSamples(loopLag),
    },
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "User and system time that the daemon itself took, in seconds.",
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Memory of the daemon itself, in bytes.",
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: "process_open_fds",
      type: "gauge",
      help: "File descriptors that the daemon itself has open.",
      samples: openFds().map((value) => ({ value })),
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      help: "When the daemon started, in seconds since the Unix epoch.",
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

/** Without the one by which the folder is read; nothing when no other is free. Linux and macOS have `/dev/fd`. */
function openFds(): number[] {
  try {
    return [readdirSync("/dev/fd").length - 1];
  } catch {
    return [];
  }
}
