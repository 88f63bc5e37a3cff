import { type Static, Type } from "@sinclair/typebox";

const duration = (description: string, defaultSeconds: number) =>
  Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.String(), Type.Null()], {
      title: "seconds (7, 0.5) or a number with a unit (500ms, 30s, 5m, 1h)",
      description,
      default: defaultSeconds,
    }),
  );

const flag = (description: string, byDefault: boolean) =>
  Type.Optional(Type.Union([Type.Boolean(), Type.Null()], { description, default: byDefault }));

const integer = (description: string, options: { minimum?: number; maximum?: number; default?: number }) => {
  const { default: byDefault, ...bounds } = options;
  return Type.Optional(
    Type.Union([Type.Integer(bounds), Type.Null()], {
      description,
      ...(byDefault !== undefined && { default: byDefault }),
    }),
  );
};

export const maxPort = 65_535;

/** The kernel's 4294967295 means "unchanged" and is no user. */
const maxUserId = 2 ** 32 - 2;

const user = (description: string) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: maxUserId }), Type.String({ minLength: 1 }), Type.Null()], {
      title: `a number from 0 to ${maxUserId} or a name`,
      description,
    }),
  );

/** The most tries of `max_retry`; no limit at all. */
export const retryForever = -1;

/** What a flapping object may leave out. */
export const defaultFlapping = { attempts: 2, window: 1, retry_in: 7, max_retry: 5 } as const;

const flappingPart = (minimum: number, byDefault: number) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], { default: byDefault }),
  );

/** What a backoff object may leave out; seconds. */
export const defaultBackoff = { min: 0.1, max: 30, factor: 2, jitter: 0.1, reset_after: 10 } as const;

const wordList = Type.Union([Type.String(), Type.Array(Type.String()), Type.Null()]);

/**
 * The schema of a process template, as `POST /processes` and `PUT /processes/:name` take it and as `[process:NAME]` is
 * turned into. `null` stands for a key that is not given. What JSON Schema cannot say is checked in `schema.ts`.
 */
export const templateSchema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        "Unique name: letters, digits and `_ . : @ + -`, beginning with a letter or a digit, not digits alone. What precedes the first colon is its group.",
    }),
    cmd: Type.String({
      minLength: 1,
      description:
        "The command line, split as a POSIX shell splits words. A program with a slash is relative to `cwd`. `$VAR`, `${VAR}` and `${VAR:-default}` are replaced from the process's environment, unless `shell`; `$$`, a backslash and single quotes give a `$` that is text.",
    }),
    args: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "a command line's words, as text or as a list of texts",
        description:
          "More words, after those of `cmd`: a text is split the same way, a list holds words as they are. Variables are replaced in both; in a list `$$` is `$`.",
        default: [],
      }),
    ),
    cwd: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description:
          "Working directory: absolute, or beginning with `~` or a variable. `$VAR`, `${VAR}` and `${VAR:-default}` are replaced from the process's environment; `$$` is `$`. Default: that of the daemon.",
      }),
    ),
    env: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
        title: "an object whose values are texts",
        description: "Environment variables. They win over `env_file` and the daemon's environment.",
        default: {},
      }),
    ),
    env_file: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "a path, several separated by commas or newlines, or a list of paths",
        description: "dotenv files, read at each spawn; a later one wins. Absolute, or beginning with `~`.",
        default: [],
      }),
    ),
    os_env: flag("Inherit the daemon's environment.", true),
    uid: user("User to run as. Default: the daemon's own."),
    gid: user("Group to run as. Default: the primary group of `uid`."),
    detach: flag("Launched, not supervised, and left alone when the template or the daemon stops.", false),
    shell: flag("Run `cmd` under `sh -c`.", false),
    numprocesses: integer("How many processes to keep running.", { minimum: 0, maximum: 10_000, default: 1 }),
    port: integer(
      "The process in slot 0 finds this number in `PORT`, the one in slot 1 the next, and so on. Default: `PORT` is not set.",
      { minimum: 1, maximum: maxPort },
    ),
    start: flag("Start when created.", true),
    priority: integer("Smaller starts earlier and stops later. Default: after all that have one.", {
      minimum: Number.MIN_SAFE_INTEGER,
      maximum: Number.MAX_SAFE_INTEGER,
    }),
    flapping: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              attempts: flappingPart(1, defaultFlapping.attempts),
              window: duration("The exits counted are those within this time.", defaultFlapping.window),
              retry_in: duration("Time from the stop to the next start.", defaultFlapping.retry_in),
              max_retry: flappingPart(retryForever, defaultFlapping.max_retry),
            },
            { additionalProperties: false },
          ),
          Type.String(),
          Type.Literal(false),
          Type.Null(),
        ],
        {
          title: "attempts, window, retry_in, max_retry (2, 1., 7., 5), an object of these, or false",
          description:
            "`attempts` exits within `window` seconds: stop, start again after `retry_in` seconds, at most `max_retry` times (-1: for ever). Default: off.",
        },
      ),
    ),
    redirect_output: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "up to two labels, as a list or separated by commas",
        description:
          "Labels of stdout and stderr; the same label twice merges both. An output without a label is discarded; `none`, or an empty list, discards both, as `detach` and `on_host_exit = keep` do unless labels are given.",
        default: ["stdout", "stderr"],
      }),
    ),
    redirect_input: flag("Whether clients may write to stdin.", false),
    graceful_timeout: duration("Time between the stop signal and SIGKILL.", 10),
    stop_signal: Type.Optional(
      Type.Union([Type.String(), Type.Integer(), Type.Null()], {
        title: "the name or the number of a signal",
        description:
          "The signal that asks a process to end: a name with or without `SIG`, or a number; on Linux also `RTMIN`, `RTMIN+n`, `RTMAX-n` and `RTMAX`.",
        default: "SIGTERM",
      }),
    ),
    kill_mode: Type.Optional(
      Type.Union([Type.Literal("mixed"), Type.Literal("group"), Type.Literal("process"), Type.Null()], {
        description:
          "Which processes get the stop signal. `mixed`: the process itself, then what is left of its tree when it has exited; SIGKILL goes to the whole tree. `group`: the whole tree, every time. `process`: only the process itself; what it leaves behind is stopped when gafferd ends.",
        default: "mixed",
      }),
    ),
    stop_group: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: "Another name for `kill_mode`: `true` is `group`, `false` is `process`.",
      }),
    ),
    on_host_exit: Type.Optional(
      Type.Union([Type.Literal("kill"), Type.Literal("keep"), Type.Null()], {
        description: "What becomes of its processes when gafferd is killed: they end too, or they live on.",
        default: "kill",
      }),
    ),
    restart: Type.Optional(
      Type.Union([Type.Literal("always"), Type.Literal("on-failure"), Type.Literal("never"), Type.Null()], {
        description: "Whether an exit is followed by a new start.",
        default: "always",
      }),
    ),
    success_codes: Type.Optional(
      Type.Union(
        [
          Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1 }),
          Type.Integer({ minimum: 0, maximum: 255 }),
          Type.String(),
          Type.Null(),
        ],
        {
          title: "exit codes from 0 to 255, as a list or separated by commas",
          description: "The exit codes that are no failure, for `restart = on-failure`.",
          default: [0],
        },
      ),
    ),
    backoff: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              min: duration("The first delay.", defaultBackoff.min),
              max: duration("The longest delay.", defaultBackoff.max),
              factor: Type.Optional(
                Type.Union([Type.Number({ minimum: 1, maximum: 1000 }), Type.Null()], {
                  title: "a number from 1 to 1000",
                  description: "How many times longer each delay is than the one before.",
                  default: defaultBackoff.factor,
                }),
              ),
              jitter: Type.Optional(
                Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
                  title: "a number from 0 to 1",
                  description: "Up to this share of a delay is added to it at random.",
                  default: defaultBackoff.jitter,
                }),
              ),
              reset_after: duration(
                "After a run of this length, delays begin with `min` again.",
                defaultBackoff.reset_after,
              ),
            },
            { additionalProperties: false },
          ),
          Type.Number({ minimum: 0 }),
          Type.String(),
          Type.Boolean(),
          Type.Null(),
        ],
        {
          title: "min, max, factor, jitter, reset_after (100ms, 30s, 2, 0.1, 10s), an object of these, true or false",
          description:
            "The delay before a process that exited is replaced: `min`, then `factor` times longer after each exit in a row, up to `max`. A process that ran for at least 1 s is replaced immediately the first time. What cannot be spawned is tried again after the same delays. A number is `min` in seconds. `false`: replace immediately every time. Default: on, but off if `flapping` is set.",
        },
      ),
    ),
    on_give_up: Type.Optional(
      Type.Union([Type.Literal("ignore"), Type.Literal("shutdown"), Type.Null()], {
        description: "What follows when the template is given up. `shutdown`: the daemon stops, with exit status 3.",
        default: "ignore",
      }),
    ),
    output_buffer: Type.Optional(
      Type.Union([Type.Integer({ minimum: 4096, maximum: 1024 ** 3 }), Type.String(), Type.Null()], {
        title: "a size from 4k to 1g: bytes (65536) or a number with a unit (64k, 1m, 1g)",
        description: "Bytes held for each label of each process.",
        default: 1024 ** 2,
      }),
    ),
    stdin_timeout: duration("How long a writer waits for a process that does not read its stdin.", 30),
    lossless_timeout: duration("How long a process waits for a lossless reader that takes nothing.", 30),
  },
  { additionalProperties: false, title: "ProcessTemplate", description: "What to run, and how." },
);

/** A body that has passed the schema. */
export type TemplateBody = Static<typeof templateSchema>;

export type TemplateKey = keyof TemplateBody;

export const templateKeys = Object.keys(templateSchema.properties) as TemplateKey[];
