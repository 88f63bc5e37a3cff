import { type ErrorCode, errorCodes } from "../../errors.ts";
import { statusByCode } from "./error.ts";
import type { JsonSchema, Reference, ResponseObject } from "./openapi-document.ts";

/** When each code is returned. */
const meanings: Readonly<Record<ErrorCode, string>> = {
  not_found: "the template, process, group, run or webhook does not exist",
  conflict:
    "the name is already in use, the template is being deleted or has several processes, the run has other settings, or the webhook cannot be registered or removed; `message` has the reason",
  invalid_json: "the body is not valid JSON in UTF-8",
  invalid_process_info: "the body is not a valid process template or run; `field` names the invalid setting",
  bad_value: "a part of the path, a query parameter, or a setting of a webhook is invalid; `field` names it",
  no_signal_number: "the path contains no signal",
  resource_not_found: "no route has this path",
  method_not_allowed: "the path does not support this method; `Allow` lists the supported methods",
  bad_event_type: "the path is not a valid event pattern",
  io_not_redirected: "the output is discarded: `redirect_output` is `none`, or does not contain the label",
  io_not_found: "no output has this label",
  forbidden_write: "the process accepts no input: its template does not set `redirect_input`",
  unauthorized: "authentication is required; only plugins return this code",
  forbidden: "the `Host` header or the origin of the request is not allowed, or the operating system denied permission",
  gone: "the process has exited, or has closed its stdin; `bytes` is the number of bytes written before that. Or the output of the run is no longer held",
  upgrade_required: "the path only accepts WebSocket connections",
  too_large: "the JSON body is larger than 1 MiB",
  overloaded:
    "gafferd is stopping, has too few free file descriptors or too many runs, or the process did not read its stdin within `stdin_timeout`; `bytes` is the number of bytes written before that",
  spawn_failed: "the process cannot be started: the program, user or directory does not exist",
  invalid_config: "the configuration is invalid; `problems` lists the errors, and nothing was changed",
  internal: "an unexpected error in gafferd; see its log for details",
};

const headersOf: Partial<Record<ErrorCode, Readonly<Record<string, Reference>>>> = {
  method_not_allowed: { Allow: { $ref: "#/components/headers/Allow" } },
  overloaded: { "Retry-After": { $ref: "#/components/headers/Retry-After" } },
};

/** The errors that every operation can return. */
export const commonErrors = ["forbidden", "internal"] as const satisfies readonly ErrorCode[];

/** The body of every error response. */
export const errorSchema: JsonSchema = {
  description: "An error. Some errors have more fields, which describe what was already done.",
  type: "object",
  required: ["error", "message"],
  properties: {
    error: {
      description: "The error code, one of a fixed list.",
      oneOf: errorCodes.map((code) => ({
        const: code,
        description: `${statusByCode[code]}: ${meanings[code]}.`,
      })),
    },
    message: { type: "string", description: "One sentence for people: what went wrong, and what to do." },
    field: { type: "string", description: "The invalid query parameter, part of the path, or field of the body." },
    bytes: { type: "integer", minimum: 0, description: "The number of bytes written to stdin before the error." },
    taken: {
      type: "integer",
      minimum: 0,
      description: "The number of bytes that stdin has accepted from all requests: the `offset` to continue at.",
    },
    transient: { type: "boolean", description: "Whether the error is temporary, so that a retry may succeed." },
    problems: {
      type: "array",
      items: { type: "string" },
      description: "All errors in the configuration, each with its location.",
    },
    failed: {
      type: "array",
      items: { type: "string" },
      description: "The templates of the group for which the operation failed.",
    },
  },
};

/** A response for each code. Its name is the code in PascalCase: `NotFound` for `not_found`. */
export const errorResponses: Readonly<Record<string, ResponseObject>> = Object.fromEntries(
  errorCodes.map((code) => [nameOf(code), responseOf([code])]),
);

/** The error responses of an operation, by status. */
export function errorResponsesFor(codes: readonly ErrorCode[]): Record<string, ResponseObject | Reference> {
  const byStatus = Map.groupBy(new Set([...codes, ...commonErrors]), (code) => statusByCode[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, [first, ...others]]) => [
      String(status),
      first !== undefined && others.length === 0
        ? { $ref: `#/components/responses/${nameOf(first)}` }
        : responseOf([...(first === undefined ? [] : [first]), ...others]),
    ]),
  );
}

function responseOf(codes: readonly ErrorCode[]): ResponseObject {
  const headers = codes.flatMap((code) => Object.entries(headersOf[code] ?? {}));
  return {
    description: codes.map((code) => `\`${code}\`: ${meanings[code]}.`).join("\n\n"),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    content: {
      "application/json": {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Error" }, { type: "object", properties: { error: { enum: codes } } }],
        },
      },
    },
  };
}

function nameOf(code: ErrorCode): string {
  return code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
