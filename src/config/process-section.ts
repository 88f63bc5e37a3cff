import { Kind, type TSchema } from "@sinclair/typebox";
import { dirname, isAbsolute, resolve } from "node:path";
import { adviceOnKey, counterpartOf } from "../template/foreign-keys.ts";
import { templateKeys, templateSchema } from "../template/properties.ts";
import { readTemplate } from "../template/schema.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { quoteWord, scanWords } from "../template/words.ts";
import type { IniValue } from "./ini.ts";
import { attempt, mayHold, type Report, reportValue, type Section } from "./section.ts";
import { parseBoolean, resolvePath, resolvePattern } from "./value.ts";

/**
 * The template of a `[process:NAME]` section, with the variables of `[env:NAME]`. Both are converted to the JSON body
 * of `POST /processes` and checked with the same schema. Returns undefined after an error, which is reported at its
 * line.
 */
export function readProcess(section: Section, env: Section | undefined, report: Report): ProcessTemplate | undefined {
  let hasErrors = false;
  const reportHere: Report = (problem) => {
    hasErrors ||= !problem.isWarning;
    report(problem);
  };
  const body = new Map<string, unknown>();
  const variables = new Map<string, string>();
  /** The position of each field: `env.PORT` may be in either section. */
  const places = new Map<string, { section: Section; value: IniValue }>();

  for (const value of env?.values ?? []) {
    variables.set(value.key, value.text);
    if (env) places.set(`env.${value.key}`, { section: env, value });
  }
  for (const value of section.values) {
    if (value.key.startsWith("env:")) {
      const name = value.key.slice("env:".length);
      variables.set(name, value.text);
      places.set(`env.${name}`, { section, value });
    } else if (processKeys.includes(value.key)) {
      places.set(value.key, { section, value });
      attempt(section, value, reportHere, () => body.set(value.key, toJson(value)));
    } else {
      reportValue(section, value, reportHere, unknownKey(value.key));
    }
  }
  const folder = dirname(section.file);
  const cwd = body.get("cwd") ?? folder;
  const cmd = body.get("cmd");
  if (typeof cmd === "string" && cwd !== folder && body.get("shell") !== true) {
    body.set("cmd", anchorCommand(cmd, folder));
  }
  if (variables.size > 0) body.set("env", Object.fromEntries(variables));

  const { template, problems } = readTemplate(Object.fromEntries(body), { defaultCwd: folder, name: section.label });
  for (const { field, message } of problems ?? []) {
    if (field === "cmd" && !places.has("cmd") && mayHoldCommand(section)) continue;
    const key = field.split(".")[0] ?? field;
    const place = places.get(field) ?? places.get(key);
    if (place) reportValue(place.section, place.value, reportHere, message);
    else reportHere({ file: section.file, line: section.line, section: section.name, key: field, message });
  }
  return hasErrors ? undefined : template;
}

/** The keys of `[process:NAME]` except `env:KEY`. The section header sets the name; `persist` is for bodies. */
const processKeys: readonly string[] = templateKeys.filter((key) => !["name", "env", "persist"].includes(key));

/** Whether a reported line may be the command: a line that could not be parsed, or an unknown key. */
function mayHoldCommand(section: Section): boolean {
  if (mayHold(section, "cmd", processKeys)) return true;
  const unknown = section.values.filter(({ key }) => !processKeys.includes(key) && !key.startsWith("env:"));
  return unknown.some(
    ({ key }) => counterpartOf(key) === "cmd" || adviceOnKey(key, processKeys, "write `env:`") === "",
  );
}

function unknownKey(key: string): string {
  if (key === "persist") return "unknown key; remove it: the file itself keeps this template";
  if (key === "name") return "unknown key; the section header sets the name: [process:NAME]";
  const [isVariable, name] = /^[Ee][Nn][Vv](?:[.: _](\w*))?$/.exec(key) ?? [];
  if (isVariable !== undefined && (!key.includes("_") || /^[A-Z]\w*$/.test(name ?? ""))) {
    return `unknown key; write environment variables as \`env:${name || "KEY"} = value\``;
  }
  return `unknown key${adviceOnKey(key, processKeys, "write environment variables as `env:KEY = value`")}`;
}

/** Converts the text of a value to the JSON type that the schema of its key expects. */
function toJson({ key, text, file }: IniValue): unknown {
  if (key === "cwd") return resolvePattern(text, file);
  if (key === "output_file") return text === "" ? text : resolvePath(text, file);
  if (key === "env_file") {
    const paths = text.split(/[,\n]/).map((part) => part.trim());
    return paths.filter((path) => path !== "").map((path) => resolvePath(path, file));
  }
  const kinds = kindsOf((templateSchema.properties as Readonly<Record<string, TSchema>>)[key]);
  if (kinds.has("String") || kinds.has("Literal")) return text;
  if (kinds.has("Boolean")) return parseBoolean(text);
  // Text that is not a number is left to the schema, which reports what it expects.
  return /^[+-]?\d+$/.test(text) ? Number(text) : text;
}

function kindsOf(schema: TSchema | undefined): ReadonlySet<string> {
  const variants: readonly TSchema[] = schema?.["anyOf"] ?? (schema ? [schema] : []);
  return new Set(variants.map((variant) => variant[Kind]));
}

/** Makes a program with a slash absolute. It is relative to the folder of the file, even if `cwd` is another folder. */
function anchorCommand(cmd: string, folder: string): string {
  let program;
  try {
    [program] = scanWords(cmd);
  } catch {
    // The schema reports the syntax error.
    return cmd;
  }
  if (!program?.text.includes("/") || isAbsolute(program.text) || /^[~$]/.test(program.text)) return cmd;
  const written = cmd.slice(program.start, program.end);
  // Variables must stay outside of quotes that the folder may need.
  const anchored = program.pattern.includes("$")
    ? `${quoteWord(folder)}/${written}`
    : quoteWord(resolve(folder, program.text));
  return anchored + cmd.slice(program.end);
}
