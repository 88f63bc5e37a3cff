import { Elysia } from "elysia";
import type { EventBus } from "../../events/bus.ts";
import type { Manager } from "../../manager/manager.ts";
import { Sampler } from "../../process/usage/sampler.ts";
import type { Supervisor } from "../../manager/views.ts";
import type { Webhooks } from "../../webhook/webhooks.ts";
import { hostFamilies } from "./host-metrics.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { LoopLag } from "./loop-lag.ts";
import { formatMetrics, metricsContentType } from "./metrics-text.ts";
import { processFamilies } from "./process-metrics.ts";
import { templateFamilies } from "./template-metrics.ts";
import { webhookFamilies } from "./webhook-metrics.ts";

export interface MetricsRoutesOptions {
  readonly manager: Manager;
  /** Without any event before it, so that every spawn is counted. */
  readonly bus: EventBus;
  readonly webhooks: Webhooks;
  /** Of gafferd. */
  readonly version: string;
  /** Default: one of its own. */
  readonly sampler?: Sampler;
}

/**
 * `/metrics`: what Prometheus scrapes. Written by hand, without `prom-client`: all figures are read from our own state
 * at the scrape, and what a registry would be for, to keep series, would here be to take out those of every template
 * and process that is gone, in time. Always text format 0.0.4, which all that asks for OpenMetrics takes as well.
 */
export function metricsRoutes({ manager, bus, webhooks, version, sampler = new Sampler() }: MetricsRoutesOptions) {
  const loopLag = new LoopLag();
  let spawns = 0;
  bus.subscribe(({ type }) => {
    if (type === "spawn") spawns += 1;
  });
  return new Elysia({ name: "metrics" }).get("/metrics", async () => {
    const processes = supervisorsOf(manager).flatMap((supervisor) => supervisor.processes);
    const ofProcesses = await processFamilies(processes, sampler);
    // Templates came and went meanwhile.
    const ofTemplates = templateFamilies(supervisorsOf(manager));
    const ofHost = hostFamilies({ version, spawns, loopLag: loopLag.read() });
    const ofWebhooks = webhookFamilies(webhooks.list());
    const text = formatMetrics([...ofHost, ...ofTemplates, ...ofProcesses, ...ofWebhooks]);
    return new TextAnswer(text, { headers: { "content-type": metricsContentType } });
  });
}

/** In the order of creation. */
function supervisorsOf(manager: Manager): Supervisor[] {
  return manager.names().map((name) => manager.get(name));
}
