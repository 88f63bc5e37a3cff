import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { retryForever, type TemplateKey, templateSchema } from "./properties.ts";

const described = (key: TemplateKey) => {
  const { description } = templateSchema.properties[key];
  return description === undefined ? {} : { description };
};
const words = (key: TemplateKey) => Type.Array(Type.String(), described(key));
const flag = (key: TemplateKey) => Type.Boolean(described(key));
const seconds = (key: TemplateKey) => Type.Number({ minimum: 0, ...described(key) });
const account = (key: TemplateKey) => Type.Union([Type.Integer(), Type.String(), Type.Null()], described(key));

/** A template in responses: the settings of `templateSchema`, each in its normalized form. */
export const templateDocumentSchema = Type.Object(
  {
    name: Type.String(described("name")),
    cmd: Type.String(described("cmd")),
    args: words("args"),
    cwd: Type.String(described("cwd")),
    env: Type.Record(Type.String(), Type.String(), described("env")),
    env_file: words("env_file"),
    os_env: flag("os_env"),
    uid: account("uid"),
    gid: account("gid"),
    detach: flag("detach"),
    shell: flag("shell"),
    numprocesses: Type.Integer({ minimum: 0, ...described("numprocesses") }),
    port: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], described("port")),
    start: flag("start"),
    persist: flag("persist"),
    priority: Type.Union([Type.Integer(), Type.Null()], described("priority")),
    flapping: Type.Union(
      [
        Type.Object({
          attempts: Type.Integer({ minimum: 1 }),
          window: Type.Number({ minimum: 0 }),
          retry_in: Type.Number({ minimum: 0 }),
          max_retry: Type.Integer({ minimum: retryForever }),
        }),
        Type.Null(),
      ],
      described("flapping"),
    ),
    redirect_output: words("redirect_output"),
    redirect_input: flag("redirect_input"),
    graceful_timeout: seconds("graceful_timeout"),
    stop_signal: Type.String(described("stop_signal")),
    kill_mode: Type.Unsafe<"mixed" | "group" | "process">({
      type: "string",
      enum: ["mixed", "group", "process"],
      ...described("kill_mode"),
    }),
    on_host_exit: Type.Unsafe<"kill" | "keep">({
      type: "string",
      enum: ["kill", "keep"],
      ...described("on_host_exit"),
    }),
    restart: Type.Unsafe<"always" | "on-failure" | "never">({
      type: "string",
      enum: ["always", "on-failure", "never"],
      ...described("restart"),
    }),
    success_codes: Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), described("success_codes")),
    backoff: Type.Union(
      [
        Type.Object({
          min: Type.Number({ exclusiveMinimum: 0 }),
          max: Type.Number({ exclusiveMinimum: 0 }),
          factor: Type.Number({ minimum: 1 }),
          jitter: Type.Number({ minimum: 0, maximum: 1 }),
          reset_after: Type.Number({ minimum: 0 }),
        }),
        Type.Literal(false),
      ],
      described("backoff"),
    ),
    on_give_up: Type.Unsafe<"ignore" | "shutdown">({
      type: "string",
      enum: ["ignore", "shutdown"],
      ...described("on_give_up"),
    }),
    output_buffer: Type.Integer({ minimum: 0, ...described("output_buffer") }),
    output_keep: Type.Union(
      [
        Type.Object({
          size: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
          age: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()]),
        }),
        Type.Null(),
      ],
      described("output_keep"),
    ),
    output_file: Type.Union([Type.String(), Type.Null()], described("output_file")),
    output_rotate: Type.Union(
      [Type.Object({ size: Type.Integer({ minimum: 1 }), keep: Type.Integer({ minimum: 1 }) }), Type.Null()],
      described("output_rotate"),
    ),
    output_to: Type.Unsafe<"stdout" | null>({ enum: ["stdout", null], ...described("output_to") }),
    owner: Type.Union([Type.String(), Type.Null()], described("owner")),
    lease: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], described("lease")),
    on_lease_end: Type.Unsafe<"stop" | "keep">({
      type: "string",
      enum: ["stop", "keep"],
      ...described("on_lease_end"),
    }),
    stdin_timeout: seconds("stdin_timeout"),
    lossless_timeout: seconds("lossless_timeout"),
  } satisfies Record<Exclude<TemplateKey, "stop_group">, TSchema>,
  {
    description:
      "All settings in effect. Durations are in seconds, sizes in bytes, words are lists, and `null` means not set.",
  },
);

/** See `templateDocumentSchema`. */
export type TemplateDocument = Static<typeof templateDocumentSchema>;
