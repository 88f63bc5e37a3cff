import { templateDocumentSchema } from "../../template/document-schema.ts";
import { templateSchema } from "../../template/properties.ts";
import {
  detailDocumentSchema,
  eventDocumentSchema,
  eventGapSchema,
  exitDocumentSchema,
  gapDocumentSchema,
  outputDocumentSchema,
  processDocumentSchema,
  processExitSchema,
  processSpawnSchema,
  statusDocumentSchema,
} from "../../documents/document-schemas.ts";
import { pluginDocumentSchema } from "../../documents/plugin-document.ts";
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

/** By the name that the document gives them: what bodies and answers are. */
export const schemas = {
  ProcessTemplate: templateSchema,
  // The path says the name.
  TemplateSettings: {
    ...templateSchema,
    title: "TemplateSettings",
    required: templateSchema.required?.filter((key) => key !== "name"),
  },
  TemplateDocument: templateDocumentSchema,
  ProcessDocument: processDocumentSchema,
  TemplateDetail: detailDocumentSchema,
  Status: statusDocumentSchema,
  Exit: exitDocumentSchema,
  Output: outputDocumentSchema,
  OutputGap: gapDocumentSchema,
  ProcessExit: processExitSchema,
  ProcessSpawn: processSpawnSchema,
  Event: eventDocumentSchema,
  EventGap: eventGapSchema,
  WebhookSettings: webhookBodySchema,
  WebhookRemoval: webhookRemovalSchema,
  Webhook: webhookDocumentSchema,
  Delivery: deliveryDocumentSchema,
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
    description: "The methods that the path takes.",
    schema: { type: "string", examples: ["GET, HEAD, OPTIONS"] },
  },
  "Retry-After": {
    description: "Seconds after which it may be tried again.",
    schema: { type: "integer", minimum: 0 },
  },
  "X-Gaffer-Next": {
    description: "The id to pass as `since` next time; polling so loses nothing.",
    schema: { type: "string" },
  },
  "X-Gaffer-Gap": {
    description: "How many bytes of output, or events, were lost before this answer's first; absent when none were.",
    schema: { anyOf: [{ type: "integer", minimum: 1 }, { const: "unknown" }] },
  },
} as const satisfies Record<string, HeaderObject>;
