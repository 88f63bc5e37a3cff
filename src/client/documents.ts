import type { TemplateBody } from "../template/properties.ts";

export type {
  DetailDocument,
  EventDocument,
  ExitDocument,
  ProcessDocument,
  StatusDocument,
} from "../documents/document-schemas.ts";
export type { ReloadDocument } from "../documents/reload-document.ts";
export type {
  ProcessStatsDocument,
  SupervisedStatsDocument,
  TemplateStatsDocument,
} from "../documents/stats-schemas.ts";
export type { TemplateDocument } from "../template/document-schema.ts";
export type { DeliveryDocument, WebhookBody, WebhookDocument } from "../documents/webhook-schemas.ts";
export type { TemplateBody };

/** What replaces a template's settings: its name is known. */
export type TemplateSettings = Omit<TemplateBody, "name"> & Partial<Pick<TemplateBody, "name">>;
