import { type Static, Type } from "@sinclair/typebox";
import { type TemplateKey, templateSchema } from "../template/properties.ts";
import { nullable } from "./nullable.ts";

/** Settings about several processes, about what follows an exit, or about a template: a run has none of these. */
const templateOnly = [
  "name",
  "detach",
  "numprocesses",
  "port",
  "start",
  "persist",
  "priority",
  "flapping",
  "stop_group",
  "on_host_exit",
  "restart",
  "success_codes",
  "backoff",
  "on_give_up",
] as const satisfies readonly TemplateKey[];

const duration = (description: string, more: { readonly default?: number }) =>
  Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.String(), Type.Null()], {
      title: "seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)",
      description,
      ...more,
    }),
  );

/** How long a run stays readable after it has ended, in seconds. */
export const defaultKeepSeconds = 600;

/** The settings that only a run has. */
export const runOnlySchema = Type.Object(
  {
    stdin: Type.Optional(
      Type.Union(
        [
          Type.String(),
          Type.Object({ base64: Type.String({ contentEncoding: "base64" }) }, { additionalProperties: false }),
          Type.Null(),
        ],
        {
          title: 'text, or {"base64": "…"}',
          description:
            "The whole input of the process: stdin is closed after it. Default: no input, or what is written with `redirect_input`.",
        },
      ),
    ),
    timeout: duration(
      "The longest time that the process may run. Then it gets the stop signal and, after `graceful_timeout`, SIGKILL. Default: no limit.",
      {},
    ),
    keep: duration("How long the run stays readable after it has ended.", { default: defaultKeepSeconds }),
  },
  { additionalProperties: false },
);

const { properties } = Type.Omit(templateSchema, [...templateOnly]);

/** The body of `PUT /runs/:id` and `POST /runs`. */
export const runBodySchema = Type.Object(
  { ...properties, ...runOnlySchema.properties },
  {
    additionalProperties: false,
    title: "RunSettings",
    description: "What to run, once: the settings of a template that apply to a single process, and those of a run.",
  },
);

const time = Type.String({ format: "date-time" });

export const runStates = ["running", "exited", "lost"] as const;
export type RunState = (typeof runStates)[number];

/** What ended a run. */
export const runEnders = ["itself", "timeout", "request", "lease", "shutdown"] as const;
export type RunEnder = (typeof runEnders)[number];

const runOutputSchema = Type.Object(
  {
    data: Type.String({
      description:
        "The bytes from `from` up to `to`, or their head and tail around a line `[omitted N bytes]`. Bytes that are not valid UTF-8 are replaced by U+FFFD.",
    }),
    from: Type.Integer({
      minimum: 0,
      description: "The offset of the first byte of `data`. Greater than 0 if older bytes are no longer in the buffer.",
    }),
    to: Type.Integer({ minimum: 0, description: "The offset after the last byte of `data`." }),
    omitted: Type.Integer({ minimum: 0, description: "The number of bytes between head and tail that are left out." }),
    next: nullable(
      Type.String(),
      "The ID to pass as `since` to `/runs/:id/output/:label`, to read what follows. `null` if the output is no longer held.",
    ),
  },
  { description: "The head and the tail of one output." },
);

const runFields = {
  id: Type.String({ description: "The ID of the run." }),
  pid: nullable(
    Type.Integer({ minimum: 1 }),
    "The ID that gafferd gave the process. `null` until it is started, and if an earlier gafferd started it.",
  ),
  os_pid: nullable(Type.Integer({ minimum: 1 }), "The kernel's process ID. `null` until the process is started."),
  state: Type.Unsafe<RunState>({
    type: "string",
    enum: runStates,
    description:
      "`exited`: the process has ended, and all its output was received. `lost`: gafferd was killed while it ran, so that nobody knows how it ended; it is not running any more.",
  }),
  exit_status: nullable(
    Type.Integer(),
    "The exit status that the kernel reported. `null` while the process is running, if a signal terminated it, and if the run is `lost`.",
  ),
  term_signal: nullable(
    Type.String(),
    "The signal that terminated the process. `null` if none did, or if it is unknown.",
  ),
  ended_by: Type.Unsafe<RunEnder | null>({
    enum: [...runEnders, null],
    description:
      "What ended the run: `itself`, its `timeout`, a `request`, the end of its `lease`, or the `shutdown` of gafferd. `null` while it is running, and if it is `lost`.",
  }),
  reason: nullable(Type.String(), "Why the run is `lost`. Otherwise `null`."),
  started_at: nullable(time, "`null` until the process is started."),
  exited_at: nullable(time, "`null` while the process is running, and if the run is `lost`."),
  cpu_ms: nullable(Type.Number({ minimum: 0 }), "User and system CPU time that the process used, in milliseconds."),
  max_rss: nullable(Type.Integer({ minimum: 0 }), "Peak resident memory in bytes, as last sampled."),
};

/** A run without its output, as in lists and in the event `exit`. */
export const listedRunSchema = Type.Object(runFields, { description: "A run." });

export const runDocumentSchema = Type.Object(
  {
    ok: Type.Literal(true),
    ...runFields,
    output: Type.Record(Type.String(), runOutputSchema, {
      description: "Head and tail of each output, by label. Empty if nothing is known of the output of a `lost` run.",
    }),
    existing: Type.Boolean({ description: "Whether the run existed before this request." }),
  },
  { description: "A run with its output." },
);

/** The data of the event `run`, which begins the stream of a run. */
export const runBeginningSchema = Type.Object(
  { id: runFields.id, pid: runFields.pid, os_pid: runFields.os_pid, existing: Type.Boolean() },
  { description: "The run of the stream." },
);

export type RunBody = Static<typeof runBodySchema>;
export type RunDocument = Readonly<Static<typeof runDocumentSchema>>;
export type ListedRunDocument = Readonly<Static<typeof listedRunSchema>>;
export type RunOutputDocument = Readonly<Static<typeof runOutputSchema>>;
