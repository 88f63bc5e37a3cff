import { reloadParameters } from "./reload-routes.ts";
import { json, ok, type OperationTable, text } from "../operation/operation.ts";

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
};
