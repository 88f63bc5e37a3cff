import { type OperationTable, text } from "../operation/operation.ts";
import { metricsContentType } from "./metrics-text.ts";

const tag = "daemon";

export const metricsOperations: OperationTable = {
  "GET /metrics": {
    id: "getMetrics",
    tag,
    summary: "Get metrics for Prometheus",
    description:
      "Per template: wanted and running processes, restarts, exits, flaps, output and input bytes, readers and gaps, output on disk. Per process: CPU time, memory and file descriptors. Per webhook: queued events, attempts and lost events. For gafferd itself: event loop lag, memory, CPU time, file descriptors and started processes.",
    answers: text("The metrics in the Prometheus text format, version 0.0.4.", metricsContentType),
  },
};
