import { homedir } from "node:os";
import { GafferdError } from "../errors.ts";
import { maxDurationMs, parseDuration } from "./duration.ts";
import { showValue } from "./expectation.ts";
import { expandHome, invalid, splitList, toAbsolutePath } from "./text-values.ts";
import {
  defaultBackoff,
  defaultFlapping,
  retryForever,
  type TemplateBody,
  type TemplateKey,
  templateSchema,
} from "./properties.ts";
import { type LeaseEndPolicy, leaseProperties } from "./lease-properties.ts";
import { toOutputFile, toOutputKeep, toRotation } from "./output-settings.ts";
import { parseSignal } from "./signals.ts";
import { parseSize } from "./size.ts";
import type { BackoffPolicy, FlappingPolicy, KillMode } from "./template.ts";
import { scanWords } from "./words.ts";

const unchanged = <T>(value: T): T => value;

/**
 * Converts each value that passed the schema to the value in the template, with the checks that JSON Schema cannot
 * express. A converter throws a `GafferdError` whose `field`, if present, is a path within the value.
 */
export const converters = {
  name: checkName,
  cmd: checkCommand,
  args: toArguments,
  cwd: toWorkingDirectory,
  env: checkVariables,
  env_file: (value) => splitList(value, /[,\n]/).map(toAbsolutePath),
  os_env: unchanged<boolean>,
  uid: toUser,
  gid: toUser,
  detach: unchanged<boolean>,
  shell: unchanged<boolean>,
  numprocesses: unchanged<number>,
  port: unchanged<number>,
  start: unchanged<boolean>,
  persist: unchanged<boolean>,
  priority: unchanged<number>,
  flapping: toFlapping,
  redirect_output: toLabels,
  redirect_input: unchanged<boolean>,
  graceful_timeout: toDurationMs,
  stop_signal: (value) => parseSignal(value).name,
  kill_mode: unchanged<KillMode>,
  stop_group: (value): KillMode => (value ? "group" : "process"),
  on_host_exit: unchanged<"kill" | "keep">,
  restart: unchanged<"always" | "on-failure" | "never">,
  success_codes: toExitCodes,
  backoff: toBackoff,
  on_give_up: unchanged<"ignore" | "shutdown">,
  output_buffer: toBufferBytes,
  output_keep: toOutputKeep,
  output_file: toOutputFile,
  output_rotate: toRotation,
  output_to: unchanged<"stdout">,
  owner: checkOwner,
  lease: toDurationMs,
  on_lease_end: unchanged<LeaseEndPolicy>,
  stdin_timeout: toDurationMs,
  lossless_timeout: toDurationMs,
} satisfies { [Key in TemplateKey]: (value: Given<Key>) => unknown };

/** The type of a key's value if it is set. */
type Given<Key extends TemplateKey> = NonNullable<TemplateBody[Key]>;

/**
 * Characters that need no escaping in a URL, an INI section or a metric, except `~`. A leading `_` would look like a
 * verb (`/processes/web/_start`), a leading `.` like a folder.
 */
const namePattern = /^[A-Za-z0-9][\w.:@+-]*$/;

const maxArguments = 1024;

function checkName(name: string): string {
  if (!namePattern.test(name)) {
    throw invalid(
      `must contain only letters, digits and \`_ . : @ + -\`, and begin with a letter or a digit, not ${showValue(name)}`,
    );
  }
  if (/^\d+$/.test(name)) {
    throw new GafferdError("bad_value", `must not be a number, because that would be read as a pid: "${name}"`);
  }
  return name;
}

function checkCommand(cmd: string): string {
  if (cmd.trim() === "") throw invalid("must name a program to run, but is empty");
  return cmd;
}

function toArguments(args: string | readonly string[]): string[] {
  const words = typeof args === "string" ? scanWords(args, homedir()).map(({ pattern }) => pattern) : [...args];
  if (words.length > maxArguments) throw invalid(`must be at most ${maxArguments} words, not ${words.length}`);
  return words;
}

/** Variables are replaced when a process starts. Until then the path may begin with a variable, and `..` is kept. */
function toWorkingDirectory(cwd: string): string {
  return cwd.includes("$") && /^[/$]/.test(expandHome(cwd)) ? expandHome(cwd) : toAbsolutePath(cwd);
}

function checkVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  for (const name of Object.keys(env)) {
    if (name === "") throw invalid("has a variable without a name");
    if (name.includes("=")) throw invalid("must not have `=` in the name of a variable", name);
  }
  return { ...env };
}

function toUser(user: number | string): number | string {
  if (typeof user === "number") return user;
  const { maximum = 0 } = templateSchema.properties.uid.anyOf[0];
  const isNumber = /^\d+$/.test(user);
  // Text that cannot be a user name, such as -1, is a mistake.
  if (isNumber ? Number(user) > maximum : /^[-+]|[\s:/]/.test(user)) {
    throw invalid(`must be a number from 0 to ${maximum} or a name, not ${showValue(user)}`);
  }
  return isNumber ? Number(user) : user;
}

/** At most 64 characters that need no escaping in a URL. */
const ownerPattern = /^[A-Za-z0-9][\w.:@+-]{0,63}$/;

function checkOwner(owner: string): string {
  if (ownerPattern.test(owner)) return owner;
  const { title } = leaseProperties.owner;
  throw invalid(`must be ${title}, not ${showValue(owner)}`);
}

function toFlapping(value: Given<"flapping"> | false): FlappingPolicy | undefined {
  if (value === false) return undefined;
  if (typeof value === "string") return flappingOfText(value);
  return {
    attempts: value.attempts ?? defaultFlapping.attempts,
    windowMs: within("window", () => toDurationMs(value.window ?? defaultFlapping.window)),
    retryInMs: within("retry_in", () => toDurationMs(value.retry_in ?? defaultFlapping.retry_in)),
    maxRetries: toMaxRetries(value.max_retry ?? defaultFlapping.max_retry),
  };
}

function isOff(text: string): boolean {
  return /^(|false|no|off|none|0)$/i.test(text.trim());
}

/** `"2, 1., 7., 5"` or `"2 1s 7s 5"`. */
function flappingOfText(text: string): FlappingPolicy | undefined {
  if (isOff(text)) return undefined;
  const parts = splitList(text, /[,\s]/);
  const [attempts = "", window = "", retryIn = "", maxRetry = ""] = parts;
  if (parts.length !== 4) {
    throw invalid(
      `must be four values, attempts, window, retry_in, max_retry (2, 1., 7., 5), not ${parts.length}: ${showValue(text)}`,
    );
  }
  return {
    attempts: toCount("attempts", attempts, 1),
    windowMs: toDurationMs(window),
    retryInMs: toDurationMs(retryIn),
    maxRetries: toMaxRetries(toCount("max_retry", maxRetry, retryForever)),
  };
}

function toMaxRetries(maxRetry: number): number {
  return maxRetry === retryForever ? Infinity : maxRetry;
}

/** `false`: off. */
function toBackoff(value: Given<"backoff">): BackoffPolicy | false {
  if (value === false || value === 0) return false;
  if (value === true) return toBackoff({});
  if (typeof value === "number") return toBackoff({ min: value });
  if (typeof value === "string") return backoffOfText(value);
  const minMs = within("min", () => toDurationMs(value.min ?? defaultBackoff.min));
  const policy = {
    minMs,
    maxMs: within("max", () =>
      value.max == null ? Math.max(minMs, toDurationMs(defaultBackoff.max)) : toDurationMs(value.max),
    ),
    factor: value.factor ?? defaultBackoff.factor,
    jitter: value.jitter ?? defaultBackoff.jitter,
    resetAfterMs: within("reset_after", () => toDurationMs(value.reset_after ?? defaultBackoff.reset_after)),
  };
  if (policy.minMs === 0) {
    throw invalid("must be more than 0; to restart immediately every time, set `backoff = off`", "min");
  }
  if (policy.maxMs < policy.minMs) throw invalid("must not be less than `min`", "max");
  return policy;
}

/**
 * `"100ms, 30s, 2, 0.1, 10s"`. Values left out at the end have their defaults. A single `1` is one second, not `true`.
 */
function backoffOfText(text: string): BackoffPolicy | false {
  if (isOff(text)) return false;
  if (/^(true|yes|on)$/i.test(text.trim())) return toBackoff({});
  const parts = splitList(text, /[,\s]/);
  const [min, max, factor, jitter, resetAfter] = parts;
  if (min === undefined || parts.length > 5) {
    throw invalid(
      `must be on, off, or up to five values, min, max, factor, jitter, reset_after (100ms, 30s, 2, 0.1, 10s), not ${showValue(text)}`,
    );
  }
  return toBackoff({
    min,
    max: max ?? null,
    factor: factor === undefined ? null : toFraction("factor", factor, [1, 1000]),
    jitter: jitter === undefined ? null : toFraction("jitter", jitter, [0, 1]),
    reset_after: resetAfter ?? null,
  });
}

function toFraction(part: string, text: string, [least, most]: readonly [number, number]): number {
  const number = /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw invalid(`must have a number from ${least} to ${most} for ${part}, not ${showValue(text)}`);
  }
  return number;
}

function toExitCodes(value: number | string | readonly number[]): number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "string") return [...new Set(value)];
  const codes = splitList(value, /[,\s]/).map((text) => (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN));
  if (codes.length === 0 || !codes.every((code) => code <= 255)) {
    throw invalid(`must be exit codes from 0 to 255, separated by commas, not ${showValue(value)}`);
  }
  return [...new Set(codes)];
}

function toCount(part: string, text: string, minimum: number): number {
  const count = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count) || count < minimum) {
    throw invalid(`must have a whole number, ${minimum} or more, for ${part}, not ${showValue(text)}`);
  }
  return count;
}

/** Names of stream events that are not output. */
const eventLabels: ReadonlySet<string> = new Set(["exit", "gap", "run", "spawn"]);

function toLabels(value: string | readonly string[]): string[] {
  const labels = splitList(value, /[,\s]/);
  if (labels.some((label) => label.toLowerCase() === "none")) {
    if (labels.length === 1) return [];
    throw invalid("must not list other labels with `none`, which discards stdout and stderr");
  }
  if (labels.length > 2) {
    throw invalid(`must be at most two labels, for stdout and for stderr, not ${labels.length}: ${labels.join(", ")}`);
  }
  labels.forEach((label, index) => {
    const field = typeof value === "string" ? undefined : String(index);
    if (label === "stdin") throw invalid("must not be `stdin`, which is the name of the input stream", field);
    if (eventLabels.has(label)) {
      throw invalid(`must not be \`${label}\`, which is the name of a stream event; choose another label`, field);
    }
    if (!/^[A-Za-z0-9][\w.-]*$/.test(label)) {
      throw invalid(`must contain only letters, digits, \`_\`, \`.\` and \`-\`, not ${showValue(label)}`, field);
    }
  });
  return labels;
}

/** Throws a `GafferdError` if it is not a duration, or too long for a timer. */
export function toDurationMs(value: string | number): number {
  const ms = parseDuration(value);
  if (ms >= maxDurationMs) throw invalid(`must be less than 24 days, not ${showValue(value)}`);
  return ms;
}

function toBufferBytes(value: string | number): number {
  const bytes = parseSize(value);
  const { minimum = 0, maximum = Number.POSITIVE_INFINITY } = templateSchema.properties.output_buffer.anyOf[0];
  if (bytes < minimum || bytes > maximum) throw invalid(`must be from 4k to 1g, not ${showValue(value)}`);
  return bytes;
}

function within<T>(field: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof GafferdError) throw new GafferdError(error.code, error.message, { field, cause: error });
    throw error;
  }
}
