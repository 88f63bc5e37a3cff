import { reloadParameters } from "./reload-routes.ts";
import { json, ok, type OperationTable, ref, text } from "../operation/operation.ts";

const tag = "daemon";
const names = { type: "array", items: { type: "string" } };

export const daemonOperations: OperationTable = {
  "GET /": {
    id: "getWelcome",
    tag,
    summary: "Identify the server",
    description: "A browser, which accepts `text/html`, is redirected to the dashboard if it is installed.",
    answers: {
      ...json("The version of gafferd, and the paths of the documentation and the dashboard.", ref("Welcome"), {
        welcome: "gaffer",
        version: "0.1.0",
        docs: "/docs",
        openapi: "/openapi.json",
        dashboard: "/_plugin/dashboard/",
      }),
      302: {
        description: "Redirects a browser to the dashboard.",
        headers: {
          Location: {
            description: "The path of the dashboard, relative to the request path.",
            schema: { type: "string" },
          },
        },
      },
    },
  },
  "GET /ping": {
    id: "ping",
    tag,
    summary: "Check that gafferd responds",
    answers: text("The text `OK`.", "text/plain", "OK"),
  },
  "POST /_reload": {
    id: "reload",
    tag,
    summary: "Reload the configuration",
    description:
      "Reads and checks the whole configuration, compares it with the current state, and applies the differences. If the configuration has errors, nothing changes. Templates of the file that were deleted, replaced or scaled over the API are `drifted`: they are restored to what the file says, unless `keep_drift` is true. Templates that were created over the API, and processes whose settings did not change, are not affected.",
    query: [reloadParameters.dryRun, reloadParameters.keepDrift],
    answers: ok(
      "The changes that were made, or that a dry run would make. Names look like `process:web`, `endpoint:tls` and `gaffer.cors_origins`. Settings in `needs_restart` take effect when gafferd is restarted.",
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
    errors: ["bad_value", "conflict", "invalid_config", "overloaded"],
  },
};
