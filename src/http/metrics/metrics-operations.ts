import { type OperationTable, text } from "../operation/operation.ts";
import { metricsContentType } from "./metrics-text.ts";

const tag = "daemon";

export const metricsOperations: OperationTable = {
  "GET /metrics": {
    id: "getMetrics",
    tag,
    summary: "Figures for Prometheus",
    description:
      "By template: wanted and running processes, restarts, exits, flaps, bytes out and in, readers, gaps. By process: CPU, memory, file descriptors. By webhook: what waits, attempts, lost events. Of gafferd: its event loop's lag, its memory, its spawns.",
    answers: text("Prometheus's text format, version 0.0.4.", metricsContentType),
  },
};
