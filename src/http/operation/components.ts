import { templateSchema } from "../../template/properties.ts";
import {
  detailDocumentSchema,
  eventDocumentSchema,
  eventGapSchema,
  gapDocumentSchema,
  listedTemplateSchema,
  outputDocumentSchema,
  processDocumentSchema,
  processExitSchema,
  processSpawnSchema,
  statusDocumentSchema,
} from "../../documents/document-schemas.ts";
import { exitDocumentSchema, exitReportSchema, historyEntrySchema } from "../../documents/exit-schemas.ts";
import { logGapLineSchema, logGapSchema, logLineSchema } from "../../documents/log-schemas.ts";
import { leaseDocumentSchema } from "../../documents/lease-documents.ts";
import { pluginDocumentSchema } from "../../documents/plugin-document.ts";
import { listedRunSchema, runBeginningSchema, runBodySchema, runDocumentSchema } from "../../documents/run-schemas.ts";
import { processStatsSchema, supervisedStatsSchema, templateStatsSchema } from "../../documents/stats-schemas.ts";
import {
  deliveryDocumentSchema,
  webhookBodySchema,
  webhookDocumentSchema,
  webhookRemovalSchema,
} from "../../documents/webhook-schemas.ts";
import { welcomeDocumentSchema } from "../../documents/welcome-document.ts";
import { errorSchema } from "./errors.ts";
import type { HeaderObject } from "./openapi-document.ts";

/** A body may have what only documents have, so that a document can be sent back as it was received. */
const bodySchema = {
  ...templateSchema,
  properties: {
    ...templateSchema.properties,
    source: { type: "string", readOnly: true, description: "Ignored: where the template came from." },
  },
};

/** The schemas of request and response bodies, by their names in the OpenAPI document. */
export const schemas = {
  ProcessTemplate: bodySchema,
  // The name is in the path.
  TemplateSettings: {
    ...bodySchema,
    title: "TemplateSettings",
    required: templateSchema.required?.filter((key) => key !== "name"),
  },
  TemplateDocument: listedTemplateSchema,
  ProcessDocument: processDocumentSchema,
  TemplateDetail: detailDocumentSchema,
  Status: statusDocumentSchema,
  Exit: exitDocumentSchema,
  HistoryEntry: historyEntrySchema,
  ExitReport: exitReportSchema,
  Output: outputDocumentSchema,
  OutputGap: gapDocumentSchema,
  LogLine: logLineSchema,
  LogGap: logGapSchema,
  LogGapLine: logGapLineSchema,
  ProcessExit: processExitSchema,
  ProcessSpawn: processSpawnSchema,
  RunSettings: runBodySchema,
  Run: runDocumentSchema,
  ListedRun: listedRunSchema,
  RunBeginning: runBeginningSchema,
  Event: eventDocumentSchema,
  EventGap: eventGapSchema,
  WebhookSettings: webhookBodySchema,
  WebhookRemoval: webhookRemovalSchema,
  Webhook: webhookDocumentSchema,
  Delivery: deliveryDocumentSchema,
  Lease: leaseDocumentSchema,
  TemplateStats: templateStatsSchema,
  ProcessStats: processStatsSchema,
  SupervisedStats: supervisedStatsSchema,
  Plugin: pluginDocumentSchema,
  Welcome: welcomeDocumentSchema,
  Error: errorSchema,
} as const;

export type SchemaName = keyof typeof schemas;

export const headers = {
  Allow: {
    description: "The methods that the path supports.",
    schema: { type: "string", examples: ["GET, HEAD, OPTIONS"] },
  },
  "Retry-After": {
    description: "The number of seconds after which the client can retry.",
    schema: { type: "integer", minimum: 0 },
  },
  "X-Gaffer-Next": {
    description: "The ID to pass as `since` in the next request, so that no data is lost between requests.",
    schema: { type: "string" },
  },
  "X-Gaffer-Taken": {
    description: "The number of bytes that the process's stdin has accepted.",
    schema: { type: "integer", minimum: 0 },
  },
  "X-Gaffer-Gap": {
    description:
      "The number of bytes of output, or of events, that were lost before the start of this response. Absent if nothing was lost.",
    schema: { anyOf: [{ type: "integer", minimum: 1 }, { const: "unknown" }] },
  },
} as const satisfies Record<string, HeaderObject>;
