import { GafferdError } from "../errors.ts";
import { defaultKeepSeconds, runBodySchema, runOnlySchema } from "../documents/run-schemas.ts";
import { toDurationMs } from "../template/convert.ts";
import { toDocument } from "../template/document.ts";
import { toSeconds } from "../template/duration.ts";
import { showValue } from "../template/expectation.ts";
import { findShapeProblems } from "../template/problem.ts";
import { readTemplate, templateError } from "../template/schema.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { nameOfRun } from "./run-id.ts";

/** What a run does, with all defaults. */
export interface RunSettings {
  readonly template: ProcessTemplate;
  /** The whole input. Undefined: none, or what clients write. */
  readonly stdin: Uint8Array | undefined;
  /** Undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** How long the run stays readable after it has ended. */
  readonly keepMs: number;
  /**
   * The settings in one form, whichever way the body wrote them: two bodies are the same if these are. The input is replaced
   * by its hash.
   */
  readonly canonical: CanonicalSettings;
}

export type CanonicalSettings = Readonly<Record<string, unknown>>;

const runKeys = Object.keys(runBodySchema.properties);
const knownKeys: ReadonlySet<string> = new Set(runKeys);
const ownKeys = Object.keys(runOnlySchema.properties);

/** Exits are results, not failures. */
const anyCode = Array.from({ length: 256 }, (_, code) => code);

/**
 * The run that a JSON body describes. `defaultCwd` is the `cwd` of a body without one. Throws `invalid_process_info` with the
 * `field` of the first problem.
 */
export function parseRun(body: Readonly<Record<string, unknown>>, id: string, defaultCwd: string): RunSettings {
  const isUnknown = Object.keys(body).some((key) => !knownKeys.has(key));
  const [problem] = isUnknown ? findShapeProblems(runBodySchema, body) : [];
  if (problem !== undefined) throw runError(problem);
  const own = Object.fromEntries(ownKeys.filter((key) => key in body).map((key) => [key, body[key]]));
  const [wrong] = findShapeProblems(runOnlySchema, own);
  if (wrong !== undefined) throw runError(wrong);
  const stdin = toInput(own["stdin"]);
  const timeoutMs = toLimit(own["timeout"]);
  const keepMs = within("keep", () => toDurationMs((own["keep"] ?? defaultKeepSeconds) as string | number));
  const template = toTemplate(body, stdin !== undefined, defaultCwd);
  const hash = stdin && `sha256:${new Bun.CryptoHasher("sha256").update(stdin).digest("hex")}`;
  const given: Record<string, unknown> = {
    ...toDocument(template),
    stdin: hash ?? null,
    timeout: timeoutMs === undefined ? null : toSeconds(timeoutMs),
    keep: toSeconds(keepMs),
  };
  const canonical = Object.fromEntries(runKeys.map((key) => [key, given[key] ?? null]));
  return { template: { ...template, name: nameOfRun(id) }, stdin, timeoutMs, keepMs, canonical };
}

/** The path of the first setting that differs: `cmd`, `env.PORT`. Undefined if the settings are the same. */
export function firstDifference(a: CanonicalSettings, b: CanonicalSettings): string | undefined {
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [mine, other] = [a[key] ?? null, b[key] ?? null];
    if (Bun.deepEquals(mine, other)) continue;
    const inner = isRecord(mine) && isRecord(other) ? firstDifference(mine, other) : undefined;
    return inner === undefined ? key : `${key}.${inner}`;
  }
  return undefined;
}

function toTemplate(body: Readonly<Record<string, unknown>>, hasInput: boolean, defaultCwd: string): ProcessTemplate {
  const given = Object.fromEntries(Object.entries(body).filter(([key]) => !ownKeys.includes(key)));
  if (hasInput && given["redirect_input"] === false) {
    throw runError({ field: "redirect_input", message: "must not be false with `stdin`" });
  }
  if (hasInput) given["redirect_input"] = true;
  const { template, problems } = readTemplate(given, { defaultCwd, name: "run" });
  if (problems !== undefined) throw runError(problems[0]);
  const { backoff: _, ...rest } = template;
  return { ...rest, restart: "never", persist: false, successCodes: anyCode };
}

function toInput(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return Buffer.from(value);
  const { base64 } = value as { base64: string };
  const bytes = Buffer.from(base64, "base64");
  // Node's decoder skips what is not Base64.
  if (bytes.toString("base64").replaceAll("=", "") === base64.replaceAll("=", "")) return bytes;
  throw runError({ field: "stdin.base64", message: `must be Base64 (RFC 4648), not ${showValue(base64)}` });
}

function toLimit(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const timeoutMs = within("timeout", () => toDurationMs(value as string | number));
  if (timeoutMs > 0) return timeoutMs;
  throw runError({ field: "timeout", message: "must be longer than 0" });
}

function within<T>(field: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    throw runError({ field, message: error.message });
  }
}

function runError(problem: Parameters<typeof templateError>[0]): GafferdError {
  return templateError(problem, "the run");
}

function isRecord(value: unknown): value is CanonicalSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
