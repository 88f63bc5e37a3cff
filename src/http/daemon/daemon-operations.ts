import { metricsContentType } from "../metrics/metrics-text.ts";
import { reloadParameters } from "./reload-routes.ts";
import { json, ok, type OperationTable, ref, text } from "../operation/operation.ts";

const tag = "daemon";
const names = { type: "array", items: { type: "string" } };

export const daemonOperations: OperationTable = {
  "GET /": {
    id: "getWelcome",
    tag,
    summary: "Who is there",
    answers: json(
      "The name that gaffer's clients look for, and gafferd's version.",
      {
        type: "object",
        required: ["welcome", "version"],
        properties: { welcome: { const: "gaffer" }, version: { type: "string" } },
      },
      { welcome: "gaffer", version: "0.1.0" },
    ),
  },
  "GET /ping": {
    id: "ping",
    tag,
    summary: "Whether it answers",
    answers: text("`OK`.", "text/plain", "OK"),
  },
  "GET /_plugin": {
    id: "listPlugins",
    tag,
    summary: "The plugins that are installed",
    description: "Those with code in the order in which they start, then sites.",
    answers: json("All of them.", { type: "array", items: ref("Plugin") }, [
      { name: "hello", version: null, description: null, site: "/_plugin/hello/", state: "site" },
    ]),
  },
  "POST /_reload": {
    id: "reload",
    tag,
    summary: "Read the configuration again",
    description:
      "It is checked whole, then what is different is applied: a wrong one changes nothing. Templates that were created over HTTP, and processes whose settings did not change, are left alone.",
    query: [reloadParameters.dryRun],
    answers: ok(
      "All that is different was done, or would be: names as `process:web`, `endpoint:tls`, `gaffer.cors_origins`. `needs_restart` are those changed that will be so only after a new start.",
      {
        dry_run: { type: "boolean" },
        added: names,
        changed: names,
        removed: names,
        unchanged: names,
        needs_restart: names,
      },
      { dry_run: false, added: ["process:web"], changed: [], removed: [], unchanged: ["webhooks"], needs_restart: [] },
    ),
    errors: ["bad_value", "conflict", "invalid_config"],
  },
  "GET /metrics": {
    id: "getMetrics",
    tag,
    summary: "Figures for Prometheus",
    description:
      "By template: wanted and running processes, restarts, exits, flaps, bytes out and in, readers, gaps. By process: CPU, memory, file descriptors. By webhook: what waits, attempts, lost events. Of gafferd: its event loop's lag, its memory, its spawns.",
    answers: text("Prometheus's text format, version 0.0.4.", metricsContentType),
  },
  "GET /openapi.json": {
    id: "getOpenapi",
    tag,
    summary: "This description",
    answers: json("An OpenAPI 3.1 document.", {
      type: "object",
      required: ["openapi", "info", "paths"],
      properties: { openapi: { type: "string" }, info: { type: "object" }, paths: { type: "object" } },
      additionalProperties: true,
    }),
  },
  "GET /docs": {
    id: "getDocs",
    tag,
    summary: "This description for people",
    answers: text("A page that needs nothing from elsewhere.", "text/html"),
  },
};
