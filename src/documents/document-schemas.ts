import { type Static, Type } from "@sinclair/typebox";
import { eventTypes, type GafferdEvent } from "../events/event.ts";
import { templateDocumentSchema } from "../template/document-schema.ts";
import { nullable } from "./nullable.ts";

const time = Type.String({ format: "date-time" });
const word = <const Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word>({ type: "string", enum: words, description });
const pid = Type.Integer({
  minimum: 1,
  description: "gafferd's own number of the process: 1, 2, 3 …, never used twice.",
});
const slot = Type.Integer({
  minimum: 0,
  description:
    "The number of the process among those of its template, from 0: the lowest that was free. Its replacement gets the same. The process finds it in `GAFFER_SLOT`.",
});
const osPid = Type.Integer({ minimum: 1, description: "The kernel's number of the process." });

const exitStatusProperties = {
  exit_status: nullable(Type.Integer(), "`null` while it runs, and when a signal ended it."),
  term_signal: nullable(Type.String(), "The signal that ended it, such as `SIGTERM`; else `null`."),
};

export const exitDocumentSchema = Type.Object(
  {
    pid,
    os_pid: osPid,
    slot,
    ...exitStatusProperties,
    started_at: time,
    exited_at: nullable(time, "`null` while it runs."),
    cpu_ms: nullable(Type.Number({ minimum: 0 }), "User and system time that it took, in milliseconds."),
    max_rss: nullable(
      Type.Integer({ minimum: 0 }),
      "Bytes of memory that it held at most, as last seen: gafferd looks after 50 ms, then with pauses of up to 10 s, and before each signal. `null` if it ended before that and held less than gafferd itself.",
    ),
    survivors: Type.Array(
      Type.Object({
        os_pid: osPid,
        name: Type.String({ description: "The kernel's short name of it." }),
        state: Type.String({ description: "The kernel's letter, such as `D`: it waits for a device." }),
      }),
      { description: "What of it, or of what it started, SIGKILL did not end within 1.5 seconds." },
    ),
  },
  { description: "How a process ended." },
);

const runProperties = {
  pid,
  os_pid: osPid,
  slot,
  port: nullable(Type.Integer({ minimum: 1 }), "What the process finds in `PORT`: `port` of its template plus `slot`."),
  state: word(["running", "stopping", "exited"], "`exited` processes are in the history alone."),
  started_at: time,
};

export const processDocumentSchema = Type.Object(
  { ...templateDocumentSchema.properties, ...runProperties },
  { description: "A process: the settings of its template with what is its own." },
);

export const statusDocumentSchema = Type.Object(
  {
    active: Type.Boolean({ description: "It is wanted to run, and neither given up nor ended for good." }),
    running: Type.Integer({ minimum: 0, description: "How many processes run." }),
    numprocesses: Type.Integer({ minimum: 0, description: "How many are to run while it is active." }),
    max_processes: Type.Integer({ minimum: 0, description: "The same, under the name that gaffer gave it." }),
    flapping: Type.Boolean({ description: "It exited too often, and waits to be tried again." }),
    stopped: Type.Boolean({ description: "It is not wanted to run." }),
    next_retry_at: nullable(time, "When it is tried again; `null` unless `state` is `backoff`."),
    state: word(
      ["stopped", "starting", "running", "stopping", "backoff", "exited", "fatal"],
      "`backoff`: processes are missing until `next_retry_at`. `exited`: all processes ended, and `restart` follows them with no other. `fatal`: given up.",
    ),
    reason: nullable(
      Type.String(),
      "Why it does not run, or not with all its processes, and in a crash loop how the last process ended (`exited with status 1 after 0.01 s, 14 times in a row`); `null` when all is well, and while `state` is `starting` or `stopping`.",
    ),
    exits_in_a_row: Type.Integer({
      minimum: 0,
      description:
        "3 or more while it is in a crash loop: how often in a row a process exited before it had run for `reset_after` of `backoff`, or could not be started. Else 0.",
    }),
    restarts: Type.Integer({ minimum: 0, description: "How many processes took the place of one that ended unasked." }),
  },
  { description: "How a template stands." },
);

export const detailDocumentSchema = Type.Object(
  {
    ...templateDocumentSchema.properties,
    status: statusDocumentSchema,
    processes: Type.Array(
      Type.Object({
        ...runProperties,
        restarts: Type.Integer({ minimum: 0, description: "The template's, as `last_exit`." }),
        last_exit: nullable(exitDocumentSchema, "`null` when none has ended."),
      }),
      { description: "Those that run." },
    ),
    last_exit: nullable(exitDocumentSchema, "`null` when none has ended."),
  },
  { description: "Settings, status and processes of a template: what one row of a screen needs." },
);

export const eventDocumentSchema = Type.Object(
  {
    event: word<GafferdEvent["type"]>(eventTypes, "What happened; it is so already."),
    name: Type.String({ description: "The template's." }),
    pid: Type.Optional(
      Type.Integer({ ...pid, description: "Of events about a process, as `os_pid`, `slot` and `detached`." }),
    ),
    os_pid: Type.Optional(osPid),
    slot: Type.Optional(slot),
    detached: Type.Optional(Type.Boolean({ description: "The process is launched, not supervised." })),
    exit_status: Type.Optional(nullable(Type.Integer(), "Of `exit`; `null` when a signal ended it.")),
    term_signal: Type.Optional(nullable(Type.String(), "Of `exit`; `null` when it ended by itself.")),
    retry_at: Type.Optional(nullable(time, "Of `flap`: when it is tried again; `null` when it was given up.")),
    time,
    seq: Type.Integer({
      minimum: 1,
      description:
        "The number of the event among all of this run of gafferd; a pattern that leaves some out skips theirs.",
    }),
  },
  { description: "What happened to a template or a process." },
);

export const gapDocumentSchema = Type.Object(
  {
    pid: Type.Optional(pid),
    stream: Type.Optional(Type.String({ description: "The output's label." })),
    bytes: nullable(Type.Integer({ minimum: 1 }), "How many; `null` where nobody can say."),
    from: nullable(Type.Integer({ minimum: 0 }), "Position of the first among all bytes of the output."),
    to: nullable(Type.Integer({ minimum: 0 }), "Position of the first byte after them."),
  },
  { description: "Bytes of output that are no longer held." },
);

export const outputDocumentSchema = Type.Object(
  {
    pid,
    name: Type.String({ description: "The template's." }),
    stream: Type.String({ description: "The output's label." }),
    time,
    data: Type.String({ description: "One or more lines, or what there is of one; U+FFFD for what is not UTF-8." }),
    partial: Type.Optional(
      Type.Literal(true, { description: "The last line of `data` has no end here: its next piece follows." }),
    ),
  },
  { description: "Output of a process that came together; `time` is when its first byte came." },
);

/** Of the event `exit` of a stream. */
export const processExitSchema = Type.Object(
  { pid, ...exitStatusProperties },
  { description: "A process has ended, and all its output came before." },
);

/** Of the event `spawn` of a template's stream. */
export const processSpawnSchema = Type.Object({ pid, os_pid: osPid }, { description: "A process that came since." });

export const eventGapSchema = Type.Object(
  { events: nullable(Type.Integer({ minimum: 1 }), "How many, of any kind; `null` where nobody can say.") },
  { description: "Events that are no longer held." },
);

export type ExitDocument = Static<typeof exitDocumentSchema>;
export type ExitStatusDocument = Readonly<Pick<ExitDocument, "exit_status" | "term_signal">>;
export type ProcessDocument = Static<typeof processDocumentSchema>;
export type StatusDocument = Static<typeof statusDocumentSchema>;
export type DetailDocument = Static<typeof detailDocumentSchema>;
export type EventDocument = Readonly<Static<typeof eventDocumentSchema>>;
export type GapDocument = Static<typeof gapDocumentSchema>;
export type OutputDocument = Static<typeof outputDocumentSchema>;
