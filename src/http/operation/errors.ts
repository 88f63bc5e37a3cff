import { type ErrorCode, errorCodes } from "../../errors.ts";
import { statusByCode } from "./error.ts";
import type { JsonSchema, Reference, ResponseObject } from "./openapi-document.ts";

/** When each is answered. */
const meanings: Readonly<Record<ErrorCode, string>> = {
  not_found: "there is no such template, process, group or webhook",
  conflict:
    "the name is taken, its template is being deleted, or the webhook is another's: the file's, or another gafferd's",
  invalid_json: "the body is no JSON, or no UTF-8",
  invalid_process_info: "the body describes no process template; `field` says where",
  bad_value: "a part of the path, a parameter, or a value of a webhook is not what it must be; `field` names it",
  no_signal_number: "the path does not say which signal",
  resource_not_found: "nothing has this path",
  method_not_allowed: "the path does not take this method; `Allow` says which it takes",
  bad_event_type: "the path is no pattern of events",
  io_not_redirected: "the output is discarded: `redirect_output` is `none`, or does not name it",
  io_not_found: "there is no output of this label",
  forbidden_write: "the process takes no input: its template has no `redirect_input`",
  unauthorized: "the endpoint lets in only who proves who they are",
  forbidden:
    "the request names a foreign `Host` or comes from a foreign web page, or the system does not permit what it asks",
  gone: "the process has ended, or has closed its stdin; `bytes` says what it took before",
  upgrade_required: "the path speaks WebSocket alone",
  too_large: "the body is more than 1 MiB of JSON",
  overloaded:
    "gafferd is stopping, or is short of file descriptors, or the process did not read for its `stdin_timeout`; `bytes` says what it took",
  spawn_failed: "what the template describes cannot be run: no such program, user or directory",
  invalid_config: "the configuration file is wrong, in the places that `problems` names; nothing was changed",
  internal: "gafferd made a mistake; its log says which",
};

const headersOf: Partial<Record<ErrorCode, Readonly<Record<string, Reference>>>> = {
  method_not_allowed: { Allow: { $ref: "#/components/headers/Allow" } },
  overloaded: { "Retry-After": { $ref: "#/components/headers/Retry-After" } },
};

/** What every operation may answer, whatever it does. */
export const errorsOfAll = ["forbidden", "internal"] as const satisfies readonly ErrorCode[];

/** The body of every failure. */
export const errorSchema: JsonSchema = {
  description: "What went wrong. Some errors have more members, which say what was done before.",
  type: "object",
  required: ["error", "message"],
  properties: {
    error: {
      description: "The code: a closed list.",
      oneOf: errorCodes.map((code) => ({
        const: code,
        description: `${statusByCode[code]}: ${meanings[code]}.`,
      })),
    },
    message: { type: "string", description: "One sentence that a person can act on." },
    field: { type: "string", description: "The parameter, the part of the path, or the path in the body at fault." },
    bytes: { type: "integer", minimum: 0, description: "How many bytes of input were taken." },
    transient: { type: "boolean", description: "Whether the system could not spawn just then, and may do so later." },
    problems: { type: "array", items: { type: "string" }, description: "All that is wrong, each with its place." },
    failed: { type: "array", items: { type: "string" }, description: "The templates of a group that it failed for." },
  },
};

/** A response for each code, by its name there: `NotFound` of `not_found`. */
export const errorResponses: Readonly<Record<string, ResponseObject>> = Object.fromEntries(
  errorCodes.map((code) => [nameOf(code), responseOf([code])]),
);

/** What an operation answers when it fails, by status. */
export function failuresOf(codes: readonly ErrorCode[]): Record<string, ResponseObject | Reference> {
  const byStatus = Map.groupBy(new Set([...codes, ...errorsOfAll]), (code) => statusByCode[code]);
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
