import { Elysia } from "elysia";
import type { EventBus } from "../../events/bus.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Manager } from "../../manager/manager.ts";
import { Sampler } from "../../process/usage/sampler.ts";
import type { Supervisor } from "../../manager/views.ts";
import type { Webhooks } from "../../webhook/webhooks.ts";
import { hostFamilies } from "./host-metrics.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { journalFamilies } from "./journal-metrics.ts";
import { LoopLag } from "./loop-lag.ts";
import { formatMetrics, metricsContentType } from "./metrics-text.ts";
import { processFamilies } from "./process-metrics.ts";
import { templateFamilies } from "./template-metrics.ts";
import { webhookFamilies } from "./webhook-metrics.ts";

export interface MetricsRoutesOptions {
  readonly manager: Manager;
  /** Must not have published any event yet, so that every spawn is counted. */
  readonly bus: EventBus;
  readonly webhooks: Webhooks;
  /** Absent if no output is ever kept on disk. */
  readonly journal?: Journal | undefined;
  /** The version of gafferd. */
  readonly version: string;
  /** Default: a new sampler. */
  readonly sampler?: Sampler;
}

/**
 * `/metrics`: metrics for Prometheus. `prom-client` is not used: all values are read from the daemon's own state at the
 * scrape, and a registry would only add the work of removing the series of deleted templates and exited processes. The
 * format is always text 0.0.4, which scrapers that ask for OpenMetrics accept as well.
 */
export function metricsRoutes(options: MetricsRoutesOptions) {
  const { manager, bus, webhooks, journal, version, sampler = new Sampler() } = options;
  const loopLag = new LoopLag();
  let spawns = 0;
  bus.subscribe(({ type }) => {
    if (type === "spawn") spawns += 1;
  });
  return new Elysia({ name: "metrics" }).get("/metrics", async () => {
    const processes = supervisorsOf(manager).flatMap((supervisor) => supervisor.processes);
    const ofProcesses = await processFamilies(processes, sampler);
    // Read again: templates may have changed while the sample was taken.
    const ofTemplates = templateFamilies(supervisorsOf(manager));
    const ofJournal = journalFamilies(journal?.usage() ?? []);
    const ofHost = hostFamilies({ version, spawns, loopLag: loopLag.read() });
    const ofWebhooks = webhookFamilies(webhooks.list());
    const text = formatMetrics([...ofHost, ...ofTemplates, ...ofJournal, ...ofProcesses, ...ofWebhooks]);
    return new TextAnswer(text, { headers: { "content-type": metricsContentType } });
  });
}

/** In the order of creation. */
function supervisorsOf(manager: Manager): Supervisor[] {
  return manager.names().map((name) => manager.get(name));
}
