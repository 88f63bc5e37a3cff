import { resolvePattern } from "../config/value.ts";
import { type TemplateDocument, toDocument } from "../template/document.ts";
import { retryForever, type TemplateKey } from "../template/properties.ts";
import { parseTemplate } from "../template/schema.ts";
import type { OutputKeep, ProcessTemplate } from "../template/template.ts";
import { quoteWord, scanWords } from "../template/words.ts";
import { isPlain, writeLiteral } from "./ini-value.ts";
import { writeCommandLine, writeWords } from "./ini-words.ts";

const dayMs = 86_400_000;

/** The text of a value; undefined if an INI file cannot have it. */
export type Written = string | undefined;

/** `name` is in the header of the section, `env` in keys of its own; `stop_group` is an alias, `persist` not for files. */
type WrittenKey = Exclude<TemplateKey, "name" | "env" | "stop_group" | "persist">;

/** The keys of a section, except `env:KEY`: the command, the working directory, and what differs from the defaults. */
export function writeValues(template: ProcessTemplate): [WrittenKey, Written][] {
  const document = toDocument(template);
  const { detach, on_host_exit, flapping } = document;
  const given = { detach, on_host_exit, flapping };
  // The defaults of the other keys depend on these.
  const defaults = { ...defaultsWith(given), ...pick(defaultsWith({}), Object.keys(given)) };
  const keys = (Object.keys(writers) as WrittenKey[]).filter(
    (key) => key === "cmd" || key === "cwd" || JSON.stringify(document[key]) !== JSON.stringify(defaults[key]),
  );
  return keys.map((key) => [key, writers[key](template)]);
}

function defaultsWith(given: Partial<TemplateDocument>): TemplateDocument {
  return toDocument(parseTemplate({ name: "x", cmd: "x", ...given }, { defaultCwd: "/" }));
}

function pick(document: TemplateDocument, keys: readonly string[]): Partial<TemplateDocument> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => keys.includes(key)));
}

const writers: Readonly<Record<WrittenKey, (template: ProcessTemplate) => Written>> = {
  cmd: ({ cmd, cwd, shell }) => (shell ? plain(cmd) : writeCommandLine(anchorProgram(cmd, cwd))),
  args: ({ args }) => writeWords(args),
  cwd: ({ cwd }) => (resolvePattern(cwd, "/gaffer.ini") === cwd ? plain(cwd) : undefined),
  env_file: ({ envFiles }) => writePaths(envFiles),
  os_env: ({ osEnv }) => String(osEnv),
  uid: ({ uid }) => String(uid),
  gid: ({ gid }) => String(gid),
  detach: ({ detach }) => String(detach),
  shell: ({ shell }) => String(shell),
  numprocesses: ({ numprocesses }) => String(numprocesses),
  port: ({ port }) => String(port),
  start: ({ start }) => String(start),
  priority: ({ priority }) => String(priority),
  flapping: ({ flapping }) => {
    if (flapping === undefined) return "off";
    const { attempts, windowMs, retryInMs, maxRetries } = flapping;
    const last = maxRetries === Infinity ? retryForever : maxRetries;
    return `${attempts}, ${duration(windowMs)}, ${duration(retryInMs)}, ${last}`;
  },
  redirect_output: ({ redirectOutput }) => redirectOutput.join(", ") || "none",
  redirect_input: ({ redirectInput }) => String(redirectInput),
  graceful_timeout: ({ gracefulTimeoutMs }) => duration(gracefulTimeoutMs),
  stop_signal: ({ stopSignal }) => stopSignal,
  kill_mode: ({ killMode }) => killMode,
  on_host_exit: ({ onHostExit }) => onHostExit,
  restart: ({ restart }) => restart,
  success_codes: ({ successCodes }) => successCodes.join(", "),
  backoff: ({ backoff }) => {
    if (backoff === undefined) return "off";
    const { minMs, maxMs, factor, jitter, resetAfterMs } = backoff;
    return [duration(minMs), duration(maxMs), decimal(factor), decimal(jitter), duration(resetAfterMs)].join(", ");
  },
  on_give_up: ({ onGiveUp }) => onGiveUp,
  output_buffer: ({ outputBufferBytes }) => size(outputBufferBytes),
  output_keep: ({ outputKeep }) => outputKeep && keepLimits(outputKeep),
  output_file: ({ outputFile = "" }) => writeLiteral(outputFile),
  output_rotate: ({ outputRotate }) => outputRotate && `${size(outputRotate.maxBytes)}, ${outputRotate.keep}`,
  output_to: ({ outputTo }) => outputTo,
  owner: ({ owner }) => owner,
  lease: ({ leaseMs = 0 }) => duration(leaseMs),
  on_lease_end: ({ onLeaseEnd }) => onLeaseEnd,
  stdin_timeout: ({ stdinTimeoutMs }) => duration(stdinTimeoutMs),
  lossless_timeout: ({ losslessTimeoutMs }) => duration(losslessTimeoutMs),
};

function plain(text: string): Written {
  return isPlain(text) ? text : undefined;
}

/** A relative program belongs to `cwd`. In a file it would belong to the folder of the file. */
function anchorProgram(cmd: string, cwd: string): string {
  const [program] = scanWords(cmd);
  if (!program?.text.includes("/") || /^[/~$]/.test(program.text)) return cmd;
  const folder = cwd.includes("$") ? "$PWD" : quoteWord(cwd);
  return `${cmd.slice(0, program.start)}${folder}/${cmd.slice(program.start)}`;
}

function writePaths(paths: readonly string[]): Written {
  const areSeparable = paths.every((path) => !/[,\n]/.test(path) && path.trim() === path);
  return areSeparable ? writeLiteral(paths.join(", ")) : undefined;
}

/** `30s`, `500ms`. */
function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** `1m`, `64k`, `5000`. */
function size(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20}m`;
  return bytes % 1024 === 0 ? `${bytes / 1024}k` : String(bytes);
}

/** `64m, 7d`, `64m`, `90s`. */
function keepLimits({ maxBytes, maxAgeMs }: OutputKeep): string {
  const age = maxAgeMs === undefined ? [] : [maxAgeMs % dayMs === 0 ? `${maxAgeMs / dayMs}d` : duration(maxAgeMs)];
  return [...(maxBytes === undefined ? [] : [size(maxBytes)]), ...age].join(", ");
}

/** Without an exponent. */
function decimal(number: number): string {
  return number < 1e-6 && number > 0 ? number.toFixed(20).replace(/0+$/, "") : String(number);
}
