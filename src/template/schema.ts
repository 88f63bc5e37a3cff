import { GafferdError } from "../errors.ts";
import { converters } from "./convert.ts";
import { findShapeProblems, type TemplateProblem } from "./problem.ts";
import { maxPort, type TemplateKey, templateKeys, templateSchema } from "./properties.ts";
import type { ProcessTemplate } from "./template.ts";
import { splitWords } from "./words.ts";

export interface TemplateContext {
  /** The `cwd` of a body without one; an absolute path. */
  readonly defaultCwd: string;
  /** The name in the request path or the section header. A body with another name is rejected. */
  readonly name?: string;
}

export type ReadTemplate =
  | { readonly template: ProcessTemplate; readonly problems?: never }
  | { readonly template?: never; readonly problems: readonly [TemplateProblem, ...TemplateProblem[]] };

/**
 * The template that a JSON body describes, with all defaults. Throws `invalid_process_info` with the `field` of the
 * first problem, or `bad_value` if the name is a number.
 */
export function parseTemplate(body: unknown, context: TemplateContext): ProcessTemplate {
  const { template, problems } = readTemplate(body, context);
  if (template) return template;
  throw templateError(problems[0], "the process template");
}

/** The error for a problem in the body that describes `what`. */
export function templateError({ field, message, code }: TemplateProblem, what: string): GafferdError {
  const where = field === "" ? "the body" : `\`${field}\``;
  return new GafferdError(
    code ?? "invalid_process_info",
    `cannot accept ${what}: ${where}${/^(must|is|has) /.test(message) ? " " : ": "}${message}`,
    field === "" ? {} : { field },
  );
}

/** Like `parseTemplate`, but returns all problems instead of throwing the first. */
export function readTemplate(body: unknown, context: TemplateContext): ReadTemplate {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { problems: [{ field: "", message: "must be a JSON object" }] };
  }
  const given = withoutIgnoredKeys(body);
  if (context.name !== undefined) given["name"] ??= context.name;
  // Pipes would close when gafferd exits, so they are used only if the template asks for them.
  if (given["detach"] === true || given["on_host_exit"] === "keep") given["redirect_output"] ??= [];
  const shapeProblems = findShapeProblems(templateSchema, given);
  const misshapen = new Set(shapeProblems.map(({ field }) => field.split(".")[0]));
  const { values, problems: valueProblems } = convertValues(given, misshapen);
  const [first, ...others] = [...shapeProblems, ...valueProblems, ...findContradictions(values, given, context)];
  if (first) return { problems: [first, ...others] };
  // Without problems, every key has a converted value or has no default.
  return { template: toTemplate(values as Values, context) };
}

type Converted = { [Key in TemplateKey]: ReturnType<(typeof converters)[Key]> };
type OutputKey = "output_keep" | "output_file" | "output_rotate" | "output_to";
type LeaseKey = "owner" | "lease";
type UnsetKey =
  | "stop_group"
  | "cwd"
  | "uid"
  | "gid"
  | "port"
  | "priority"
  | "flapping"
  | "backoff"
  | OutputKey
  | LeaseKey;
type Values = Omit<Converted, UnsetKey> & { [Key in UnsetKey]?: Converted[Key] };

/**
 * Keys that the Python client of gaffer 0.4 always sends. gafferd does not support them and accepts them only if empty.
 */
const legacyKeys = ["group", "custom_streams", "custom_channels"];

/** What the documents of templates have and bodies need not have: a document can be sent back as it was received. */
const readOnlyKeys = ["source"];

/** Only the first keys are looked at: a body with so many has unknown ones among them, so that it is refused. */
const maxKeys = 1000;

function withoutIgnoredKeys(body: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body)
      .slice(0, maxKeys)
      .filter(([key, value]) => !(legacyKeys.includes(key) && isUnused(value)))
      .filter(([key, value]) => !(readOnlyKeys.includes(key) && typeof value === "string")),
  );
}

function isUnused(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function convertValues(
  given: Readonly<Record<string, unknown>>,
  misshapen: ReadonlySet<string | undefined>,
): { values: Partial<Values>; problems: TemplateProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: TemplateProblem[] = [];
  for (const key of templateKeys) {
    if (misshapen.has(key)) continue;
    const value = given[key] ?? templateSchema.properties[key].default;
    if (value === undefined || value === null) continue;
    try {
      const nul = findNul(value);
      if (nul !== undefined) {
        throw new GafferdError("invalid_process_info", "must not contain a NUL byte", { field: nul });
      }
      // The value passed the schema, so it has the type that this converter takes.
      values[key] = (converters[key] as (value: unknown) => unknown)(value);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      problems.push({
        field: error.field ? `${key}.${error.field}` : key,
        message: error.message,
        ...(key === "name" && error.code === "bad_value" && { code: error.code }),
      });
    }
  }
  return { values, problems };
}

/**
 * The path, within `value`, of a string or key with a NUL byte; empty for `value` itself, undefined if there is none.
 */
function findNul(value: unknown): string | undefined {
  if (typeof value === "string") return value.includes("\0") ? "" : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key.includes("\0")) return key;
    const path = findNul(inner);
    if (path !== undefined) return path === "" ? key : `${key}.${path}`;
  }
  return undefined;
}

function findContradictions(
  values: Partial<Values>,
  given: Readonly<Record<string, unknown>>,
  context: TemplateContext,
): TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  if (values.name !== undefined && context.name !== undefined && values.name !== context.name) {
    problems.push({ field: "name", message: `must be "${context.name}" here, or left out, not "${values.name}"` });
  }
  if (values.cmd !== undefined && values.shell === false) {
    try {
      if (!splitWords(values.cmd)[0]) problems.push({ field: "cmd", message: "must name a program to run" });
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      problems.push({ field: "cmd", message: error.message });
    }
  }
  const redirected = values.redirect_input ? "redirect_input" : values.redirect_output?.length ? "redirect_output" : "";
  if (values.detach && redirected) {
    problems.push({
      field: "detach",
      message: `must be false with \`${redirected}\`, because the pipes of a detached process close when gafferd exits`,
    });
  }
  const { kill_mode: killMode, stop_group: byStopGroup } = values;
  if (byStopGroup !== undefined && killMode !== undefined && (given["kill_mode"] ?? byStopGroup) !== byStopGroup) {
    const isSame = `\`stop_group = ${byStopGroup === "group"}\` means \`kill_mode = ${byStopGroup}\``;
    problems.push({
      field: "stop_group",
      message: `conflicts with \`kill_mode = ${killMode}\`: ${isSame}; remove \`stop_group\``,
    });
  }
  return [...problems, ...findPortProblems(values), ...findOutputProblems(values), ...findLeaseProblems(values, given)];
}

function findOutputProblems(values: Partial<Values>): TemplateProblem[] {
  const { redirect_output: labels, output_file: file, output_rotate: rotation } = values;
  const problems: TemplateProblem[] = [];
  if (rotation !== undefined && file === undefined) {
    problems.push({ field: "output_rotate", message: "must not be set without `output_file`, the file to rotate" });
  }
  if (labels?.length !== 0) return problems;
  for (const key of ["output_keep", "output_file", "output_to"] as const) {
    if (!values[key]) continue;
    problems.push({ field: key, message: "must not be set without an output; add a label to `redirect_output`" });
  }
  return problems;
}

function findLeaseProblems(values: Partial<Values>, given: Readonly<Record<string, unknown>>): TemplateProblem[] {
  const hasOwner = given["owner"] != null;
  const hasLease = given["lease"] != null;
  if (!hasOwner && hasLease) return [{ field: "lease", message: "must not be set without `owner`, who renews it" }];
  if (!hasOwner && given["on_lease_end"] === "keep") {
    return [{ field: "on_lease_end", message: "must not be set without `owner` and `lease`" }];
  }
  if (!hasOwner) return [];
  if (!hasLease) return [{ field: "owner", message: "must not be set without `lease`, its duration (lease = 60s)" }];
  if (values.lease === 0) return [{ field: "lease", message: "must be more than 0" }];
  if (values.detach) {
    return [{ field: "owner", message: "must not be set with `detach`: gafferd does not stop detached processes" }];
  }
  if (values.on_host_exit !== "keep") return [];
  return [
    { field: "owner", message: "must not be set with `on_host_exit = keep`: such processes may outlive any lease" },
  ];
}

function findPortProblems({ port, numprocesses, env }: Partial<Values>): TemplateProblem[] {
  if (port === undefined) return [];
  const problems: TemplateProblem[] = [];
  const last = port + Math.max(1, numprocesses ?? 1) - 1;
  if (last > maxPort) {
    const message = `is too high for ${numprocesses} processes: their ports would be ${port} to ${last}, the highest is ${maxPort}`;
    problems.push({ field: "port", message });
  }
  if (env !== undefined && Object.hasOwn(env, "PORT")) {
    problems.push({ field: "env.PORT", message: "must not be set with `port`, which sets it for each process" });
  }
  return problems;
}

/** Backoff is off by default if `flapping` is set: one restart policy is enough. */
function backoffOf({ backoff, flapping }: Values): Pick<ProcessTemplate, "backoff"> {
  const policy = backoff ?? (flapping === undefined && converters.backoff(true));
  return policy ? { backoff: policy } : {};
}

function toTemplate(values: Values, context: TemplateContext): ProcessTemplate {
  return {
    name: values.name,
    cmd: values.cmd,
    args: values.args,
    cwd: values.cwd ?? context.defaultCwd,
    env: values.env,
    envFiles: values.env_file,
    osEnv: values.os_env,
    ...(values.uid !== undefined && { uid: values.uid }),
    ...(values.gid !== undefined && { gid: values.gid }),
    detach: values.detach,
    shell: values.shell,
    numprocesses: values.numprocesses,
    ...(values.port !== undefined && { port: values.port }),
    start: values.start,
    persist: values.persist,
    ...(values.priority !== undefined && { priority: values.priority }),
    ...(values.flapping !== undefined && { flapping: values.flapping }),
    redirectOutput: values.redirect_output,
    redirectInput: values.redirect_input,
    gracefulTimeoutMs: values.graceful_timeout,
    stopSignal: values.stop_signal,
    killMode: values.stop_group ?? values.kill_mode,
    onHostExit: values.on_host_exit,
    restart: values.restart,
    successCodes: values.success_codes,
    ...backoffOf(values),
    onGiveUp: values.on_give_up,
    outputBufferBytes: values.output_buffer,
    ...(values.output_keep && { outputKeep: values.output_keep }),
    ...(values.output_file !== undefined && { outputFile: values.output_file }),
    ...(values.output_rotate !== undefined && { outputRotate: values.output_rotate }),
    ...(values.output_to !== undefined && { outputTo: values.output_to }),
    ...(values.owner !== undefined && { owner: values.owner }),
    ...(values.lease !== undefined && { leaseMs: values.lease }),
    onLeaseEnd: values.on_lease_end,
    stdinTimeoutMs: values.stdin_timeout,
    losslessTimeoutMs: values.lossless_timeout,
  };
}
