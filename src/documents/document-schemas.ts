import { type Static, Type } from "@sinclair/typebox";
import { eventTypes, type GafferdEvent } from "../events/event.ts";
import { templateDocumentSchema } from "../template/document-schema.ts";
import {
  exitDocumentSchema,
  exitStatusProperties,
  osPid,
  pidProperty as pid,
  reportAddress,
  slot,
  time,
  word,
} from "./exit-schemas.ts";
import { nullable } from "./nullable.ts";

const source = Type.String({
  description:
    "Where the template came from: `file:` with the path and the line of its section, `http`, `plugin:` with the name of the plugin, or `program`: the one that gafferd is embedded in.",
});

export const listedTemplateSchema = Type.Object(
  { ...templateDocumentSchema.properties, source },
  { description: templateDocumentSchema.description ?? "" },
);

const runProperties = {
  pid,
  os_pid: osPid,
  slot,
  port: nullable(
    Type.Integer({ minimum: 1 }),
    "The value of `PORT` in the environment of the process: `port` of its template plus `slot`. `null` if the template has no `port`.",
  ),
  state: word(
    ["running", "stopping", "exited"],
    "The state of the process. `exited` processes are listed only in the history.",
  ),
  started_at: time,
};

export const processDocumentSchema = Type.Object(
  { ...listedTemplateSchema.properties, ...runProperties },
  { description: "A process: the settings of its template, plus its own IDs, slot, port, state and start time." },
);

export const statusDocumentSchema = Type.Object(
  {
    active: Type.Boolean({
      description: "Whether gafferd keeps the template running: it was started and is neither `fatal` nor `exited`.",
    }),
    running: Type.Integer({ minimum: 0, description: "The number of running processes." }),
    numprocesses: Type.Integer({
      minimum: 0,
      description: "The number of processes that run while the template is active.",
    }),
    max_processes: Type.Integer({
      minimum: 0,
      description: "Same as `numprocesses`, for compatibility with gaffer.",
    }),
    flapping: Type.Boolean({ description: "Whether the template exited too often and is waiting for the next retry." }),
    stopped: Type.Boolean({ description: "Whether the template was stopped by request or never started." }),
    next_retry_at: nullable(time, "The time of the next retry. `null` unless `state` is `backoff`."),
    state: word(
      ["stopped", "starting", "running", "stopping", "backoff", "exited", "fatal"],
      "The state of the template. `backoff`: gafferd starts the missing processes at `next_retry_at`. `exited`: all processes have exited, and the `restart` policy does not start new ones. `fatal`: gafferd gave up restarting.",
    ),
    reason: nullable(
      Type.String(),
      "Why the template is not running, or runs with fewer processes than it should. In a crash loop, how the last process exited (`exited with status 1 after 0.01 s, 14 times in a row`). `null` if there is no problem, and while `state` is `starting` or `stopping`.",
    ),
    exits_in_a_row: Type.Integer({
      minimum: 0,
      description:
        "In a crash loop, the number of consecutive failures (3 or more): processes that exited before running for `reset_after` of `backoff`, or that could not be started. Otherwise 0.",
    }),
    restarts: Type.Integer({
      minimum: 0,
      description: "The number of processes that replaced one that exited without being asked to.",
    }),
  },
  { description: "The status of a template." },
);

export const detailDocumentSchema = Type.Object(
  {
    ...listedTemplateSchema.properties,
    status: statusDocumentSchema,
    processes: Type.Array(
      Type.Object({
        ...runProperties,
        restarts: Type.Integer({ minimum: 0, description: "The restarts of the template." }),
        last_exit: nullable(
          exitDocumentSchema,
          "The last exit of any process of the template. `null` if there is none.",
        ),
      }),
      { description: "The running processes." },
    ),
    last_exit: nullable(exitDocumentSchema, "The last exit of a process of the template. `null` if there is none."),
  },
  { description: "Settings, status and processes of a template: everything that one row of a dashboard shows." },
);

export const eventDocumentSchema = Type.Object(
  {
    event: word<GafferdEvent["type"]>(eventTypes, "The event type. An event is published after the state has changed."),
    name: Type.String({ description: "The name of the template." }),
    pid: Type.Optional(
      Type.Integer({
        ...pid,
        description: "The process ID. Present in events about a process, like `os_pid`, `slot` and `detached`.",
      }),
    ),
    os_pid: Type.Optional(osPid),
    slot: Type.Optional(slot),
    detached: Type.Optional(Type.Boolean({ description: "Whether the process was started without supervision." })),
    exit_status: Type.Optional(
      nullable(Type.Integer(), "In `exit` events: the exit status. `null` if a signal terminated the process."),
    ),
    term_signal: Type.Optional(
      nullable(
        Type.String(),
        "In `exit` events: the signal that terminated the process. `null` if it exited by itself.",
      ),
    ),
    report: Type.Optional(reportAddress),
    retry_at: Type.Optional(nullable(time, "In `flap` events: the time of the next retry. `null` if gafferd gave up.")),
    owner: Type.Optional(Type.String({ description: "In `lease_end` events: the owner whose lease has ended." })),
    time,
    seq: Type.Integer({
      minimum: 1,
      description:
        "The sequence number of the event since gafferd started. If a pattern filters events, their numbers are skipped.",
    }),
  },
  { description: "A change in the state of a template or a process." },
);

export const gapDocumentSchema = Type.Object(
  {
    pid: Type.Optional(pid),
    stream: Type.Optional(Type.String({ description: "The label of the output." })),
    bytes: nullable(Type.Integer({ minimum: 1 }), "The number of lost bytes. `null` if it is unknown."),
    from: nullable(
      Type.Integer({ minimum: 0 }),
      "The offset of the first lost byte in the output. `null` if it is unknown.",
    ),
    to: nullable(Type.Integer({ minimum: 0 }), "The offset of the first byte after the gap. `null` if it is unknown."),
  },
  { description: "A gap: bytes of output that are no longer in the buffer." },
);

export const outputDocumentSchema = Type.Object(
  {
    pid,
    name: Type.String({ description: "The name of the template." }),
    stream: Type.String({ description: "The label of the output." }),
    time: Type.String({ format: "date-time", description: "When gafferd received the first byte of `data`." }),
    data: Type.String({
      description: "One or more lines, or part of a line. Bytes that are not valid UTF-8 are replaced by U+FFFD.",
    }),
    partial: Type.Optional(
      Type.Literal(true, { description: "The last line of `data` is incomplete; the next document continues it." }),
    ),
  },
  { description: "A piece of the output of a process." },
);

/** The data of the event `exit` in an output stream. */
export const processExitSchema = Type.Object(
  { pid, ...exitStatusProperties },
  { description: "A process has exited. All its output was sent before this event." },
);

/** The data of the event `spawn` in the output stream of a template. */
export const processSpawnSchema = Type.Object({ pid, os_pid: osPid }, { description: "A process that was started." });

export const eventGapSchema = Type.Object(
  {
    events: nullable(
      Type.Integer({ minimum: 1 }),
      "The number of lost events, of all types and templates. `null` if it is unknown.",
    ),
  },
  { description: "A gap: events that are no longer in the buffer." },
);

export type ListedTemplateDocument = Static<typeof listedTemplateSchema>;
export type ProcessDocument = Static<typeof processDocumentSchema>;
export type StatusDocument = Static<typeof statusDocumentSchema>;
export type DetailDocument = Static<typeof detailDocumentSchema>;
export type EventDocument = Readonly<Static<typeof eventDocumentSchema>>;
export type GapDocument = Static<typeof gapDocumentSchema>;
export type OutputDocument = Static<typeof outputDocumentSchema>;
