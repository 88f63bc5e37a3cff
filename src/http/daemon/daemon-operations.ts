import { reloadParameters } from "./reload-routes.ts";
import { json, ok, type OperationTable, ref, text } from "../operation/operation.ts";

const tag = "daemon";
const names = { type: "array", items: { type: "string" } };

export const daemonOperations: OperationTable = {
  "GET /": {
    id: "getWelcome",
    tag,
    summary: "Who is there",
    description:
      "A browser that opens it, and thus asks for `text/html`, is sent to the dashboard, if one is installed.",
    answers: {
      ...json("The name that gaffer's clients look for, gafferd's version, and where to go next.", ref("Welcome"), {
        welcome: "gaffer",
        version: "0.1.0",
        docs: "/docs",
        openapi: "/openapi.json",
        dashboard: "/_plugin/dashboard/",
      }),
      302: {
        description: "To the dashboard, for a browser.",
        headers: { Location: { description: "Relative to this path.", schema: { type: "string" } } },
      },
    },
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
      "It is checked whole, then compared with what runs, and what is different is applied: a wrong one changes nothing. Templates of the file that were deleted, replaced or scaled by request are `drifted`; they are made as the file says, unless `keep_drift`. Templates that were created over HTTP, and processes whose settings did not change, are left alone.",
    query: [reloadParameters.dryRun, reloadParameters.keepDrift],
    answers: ok(
      "All that is different was done, or would be: names as `process:web`, `endpoint:tls`, `gaffer.cors_origins`. `needs_restart` are those changed that will be so only after a new start.",
      {
        dry_run: { type: "boolean" },
        keep_drift: { type: "boolean" },
        added: names,
        changed: names,
        removed: names,
        drifted: names,
        unchanged: names,
        needs_restart: names,
      },
      {
        dry_run: false,
        keep_drift: false,
        added: ["process:web"],
        changed: [],
        removed: [],
        drifted: ["process:worker"],
        unchanged: ["webhooks"],
        needs_restart: [],
      },
    ),
    errors: ["bad_value", "conflict", "invalid_config"],
  },
};
