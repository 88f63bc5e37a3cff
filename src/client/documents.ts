import type { TemplateBody } from "../template/properties.ts";

export type {
  DetailDocument,
  EventDocument,
  ListedTemplateDocument as TemplateDocument,
  ProcessDocument,
  StatusDocument,
} from "../documents/document-schemas.ts";
export type { ExitDocument, ExitReportDocument, HistoryEntry } from "../documents/exit-schemas.ts";
export type { LeaseDocument } from "../documents/lease-documents.ts";
export type { ListedRunDocument, RunBody, RunDocument } from "../documents/run-schemas.ts";
export type { ReloadDocument } from "../documents/reload-document.ts";
export type {
  ProcessStatsDocument,
  SupervisedStatsDocument,
  TemplateStatsDocument,
} from "../documents/stats-schemas.ts";
export type { DeliveryDocument, WebhookBody, WebhookDocument } from "../documents/webhook-schemas.ts";
export type { TemplateBody };

/** The new settings of a template. The name is optional, because the template is known. */
export type TemplateSettings = Omit<TemplateBody, "name"> & Partial<Pick<TemplateBody, "name">>;
