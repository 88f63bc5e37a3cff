import { type Static, Type } from "@sinclair/typebox";
import { leaseProperties } from "./lease-properties.ts";
import { outputProperties } from "./output-properties.ts";

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

/** To the kernel, 4294967295 means "unchanged"; it is not a user. */
const maxUserId = 2 ** 32 - 2;

const user = (description: string) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: maxUserId }), Type.String({ minLength: 1 }), Type.Null()], {
      title: `a number from 0 to ${maxUserId} or a name`,
      description,
    }),
  );

/** The value of `max_retry` that means: no limit. */
export const retryForever = -1;

/** Defaults of the fields of `flapping`. */
export const defaultFlapping = { attempts: 2, window: 1, retry_in: 7, max_retry: 5 } as const;

const flappingPart = (description: string, minimum: number, byDefault: number) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
      description,
      default: byDefault,
    }),
  );

/** Defaults of the fields of `backoff`; times in seconds. */
export const defaultBackoff = { min: 0.1, max: 30, factor: 2, jitter: 0.1, reset_after: 10 } as const;

const wordList = Type.Union([Type.String(), Type.Array(Type.String()), Type.Null()]);

/**
 * The schema of a process template: the body of `POST /processes` and `PUT /processes/:name`, and the result of parsing
 * `[process:NAME]`. `null` means the key is not set. `schema.ts` checks the rules that JSON Schema cannot express.
 */
export const templateSchema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        "The unique name: letters, digits and `_ . : @ + -`. It must start with a letter or a digit, and must not consist of digits only. The part before the first colon is the group.",
    }),
    cmd: Type.String({
      minLength: 1,
      description:
        "The command line. It is split into words as in a POSIX shell. A relative program path that contains a slash is resolved against `cwd`. Unless `shell` is set, `$VAR`, `${VAR}` and `${VAR:-default}` are replaced with values from the environment of the process. To write a literal `$`, use `$$`, a backslash or single quotes.",
    }),
    args: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "words, as a string or as a list of strings",
        description:
          "Arguments that are appended to `cmd`, at most 1,024. A string is split like `cmd`; the items of a list are used unchanged. Variables are replaced in both. In a list, `$$` is a literal `$`.",
        default: [],
      }),
    ),
    cwd: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
        description:
          "The working directory: an absolute path, or a path that starts with `~` or a variable. `$VAR`, `${VAR}` and `${VAR:-default}` are replaced with values from the environment of the process; `$$` is a literal `$`. Default: the working directory of gafferd.",
      }),
    ),
    env: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
        title: "an object whose values are strings",
        description: "Environment variables. They take precedence over `env_file` and the environment of gafferd.",
        default: {},
      }),
    ),
    env_file: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "a path, several separated by commas or newlines, or a list of paths",
        description:
          "dotenv files, read every time a process starts. Later files take precedence. Paths must be absolute or start with `~`.",
        default: [],
      }),
    ),
    os_env: flag("Inherit the environment of gafferd.", true),
    uid: user("The user that processes run as. Default: the user that gafferd runs as."),
    gid: user("The group that processes run as. Default: the primary group of `uid`."),
    detach: flag(
      "Start processes without supervising them. They keep running when the template or gafferd stops.",
      false,
    ),
    shell: flag("Run `cmd` under `sh -c`.", false),
    numprocesses: integer("The number of processes to keep running.", { minimum: 0, maximum: 10_000, default: 1 }),
    port: integer(
      "The value of the environment variable `PORT` for the process in slot 0. The process in slot 1 gets the next number, and so on. Default: `PORT` is not set.",
      { minimum: 1, maximum: maxPort },
    ),
    start: flag("Start the template when it is created.", true),
    persist: flag(
      "Keep the template on disk, so that it is back after a restart of gafferd, with its size, and stopped if it was stopped. `false`: keep it in memory only. Has no effect on a template of the configuration file.",
      true,
    ),
    priority: integer(
      "Templates with a lower number start earlier and stop later. Default: after all templates that have a priority.",
      {
        minimum: Number.MIN_SAFE_INTEGER,
        maximum: Number.MAX_SAFE_INTEGER,
      },
    ),
    flapping: Type.Optional(
      Type.Union(
        [
          Type.Object(
            {
              attempts: flappingPart("The number of exits within `window`.", 1, defaultFlapping.attempts),
              window: duration("The time within which exits are counted.", defaultFlapping.window),
              retry_in: duration("The time between stopping and the next start.", defaultFlapping.retry_in),
              max_retry: flappingPart(
                "The maximum number of retries; -1 means no limit.",
                retryForever,
                defaultFlapping.max_retry,
              ),
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
            "Restart policy of gaffer. After `attempts` exits within `window` seconds, the template stops, and starts again after `retry_in` seconds, at most `max_retry` times (-1: no limit). Default: off.",
        },
      ),
    ),
    redirect_output: Type.Optional(
      Type.Union([...wordList.anyOf], {
        title: "up to two labels, as a list or separated by commas",
        description:
          "The labels of stdout and stderr. If both have the same label, they are merged. An output without a label is discarded. `none`, or an empty list, discards both; this is the default with `detach` and with `on_host_exit = keep`.",
        default: ["stdout", "stderr"],
      }),
    ),
    redirect_input: flag("Let clients write to stdin.", false),
    graceful_timeout: duration("The time between the stop signal and SIGKILL.", 10),
    stop_signal: Type.Optional(
      Type.Union([Type.String(), Type.Integer(), Type.Null()], {
        title: "the name or the number of a signal",
        description:
          "The signal that asks a process to exit: a name with or without `SIG`, or a number. On Linux also `RTMIN`, `RTMIN+n`, `RTMAX-n` and `RTMAX`.",
        default: "SIGTERM",
      }),
    ),
    kill_mode: Type.Optional(
      Type.Union([Type.Literal("mixed"), Type.Literal("group"), Type.Literal("process"), Type.Null()], {
        description:
          "Which processes get signals when a process is stopped. `mixed`: the stop signal goes to the process and, after it has exited, to the rest of its process tree; SIGKILL goes to the whole tree. `group`: both signals go to the whole tree. `process`: both signals go only to the process; processes that it leaves behind are stopped when gafferd stops.",
        default: "mixed",
      }),
    ),
    stop_group: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], {
        description: "Alias of `kill_mode`: `true` means `group`, `false` means `process`.",
      }),
    ),
    on_host_exit: Type.Optional(
      Type.Union([Type.Literal("kill"), Type.Literal("keep"), Type.Null()], {
        description:
          "What happens to the processes when gafferd is killed. `kill`: they are killed too. `keep`: they keep running.",
        default: "kill",
      }),
    ),
    restart: Type.Optional(
      Type.Union([Type.Literal("always"), Type.Literal("on-failure"), Type.Literal("never"), Type.Null()], {
        description:
          "When gafferd restarts an exited process. `on-failure`: after a signal, or an exit code that is not in `success_codes`.",
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
          description: "The exit codes that `restart = on-failure` does not treat as a failure.",
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
                  description: "The factor by which the delay grows after each exit.",
                  default: defaultBackoff.factor,
                }),
              ),
              jitter: Type.Optional(
                Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
                  title: "a number from 0 to 1",
                  description: "The random part of the delay: up to this fraction of the delay is added.",
                  default: defaultBackoff.jitter,
                }),
              ),
              reset_after: duration(
                "After a process has run this long, the delay starts at `min` again.",
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
            "The delay before an exited process is replaced: `min` at first, then `factor` times longer after each consecutive exit, up to `max`. A process that ran for at least 1 s is replaced immediately the first time. A process that cannot be started is retried with the same delays. A number sets `min` in seconds. `false`: always replace immediately. Default: on, but off if `flapping` is set.",
        },
      ),
    ),
    on_give_up: Type.Optional(
      Type.Union([Type.Literal("ignore"), Type.Literal("shutdown"), Type.Null()], {
        description:
          "What happens when gafferd gives up restarting the template. `shutdown`: gafferd stops with exit status 3.",
        default: "ignore",
      }),
    ),
    ...outputProperties,
    ...leaseProperties,
    stdin_timeout: duration("How long a write waits while the process does not read its stdin.", 30),
    lossless_timeout: duration("How long a process waits while a lossless reader does not read its output.", 30),
  },
  { additionalProperties: false, title: "ProcessTemplate", description: "A process template: what to run, and how." },
);

/** A request body that matches the schema. */
export type TemplateBody = Static<typeof templateSchema>;

export type TemplateKey = keyof TemplateBody;

export const templateKeys = Object.keys(templateSchema.properties) as TemplateKey[];
