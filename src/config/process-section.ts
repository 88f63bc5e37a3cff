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
 * The template of a `[process:NAME]`, with the variables of `[env:NAME]`: both become the JSON body that
 * `POST /processes` would take, and pass the same schema. Undefined if something is wrong, which is reported where it
 * stands.
 */
export function readProcess(section: Section, env: Section | undefined, report: Report): ProcessTemplate | undefined {
  let isWrong = false;
  const reportWrong: Report = (problem) => {
    isWrong ||= !problem.isWarning;
    report(problem);
  };
  const body = new Map<string, unknown>();
  const variables = new Map<string, string>();
  /** Where each field of a problem comes from: `env.PORT` may be in either section. */
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
      attempt(section, value, reportWrong, () => body.set(value.key, toJson(value)));
    } else {
      reportValue(section, value, reportWrong, unknownKey(value.key));
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
    if (place) reportValue(place.section, place.value, reportWrong, message);
    else reportWrong({ file: section.file, line: section.line, section: section.name, key: field, message });
  }
  return isWrong ? undefined : template;
}

/** The keys of `[process:NAME]`, beside `env:KEY`: the name is the section's. */
const processKeys: readonly string[] = templateKeys.filter((key) => key !== "name" && key !== "env");

/** What stands for `cmd` was reported then: a line that cannot be read, or a key that is not known. */
function mayHoldCommand(section: Section): boolean {
  if (mayHold(section, "cmd", processKeys)) return true;
  const unknown = section.values.filter(({ key }) => !processKeys.includes(key) && !key.startsWith("env:"));
  return unknown.some(
    ({ key }) => counterpartOf(key) === "cmd" || adviceOnKey(key, processKeys, "write `env:`") === "",
  );
}

function unknownKey(key: string): string {
  if (key === "name") return "is not a key here: the name is that of the section, [process:NAME]";
  const [isVariable, name] = /^[Ee][Nn][Vv](?:[.: _](\w*))?$/.exec(key) ?? [];
  if (isVariable !== undefined && (!key.includes("_") || /^[A-Z]\w*$/.test(name ?? ""))) {
    return `is not a known key: write a variable as \`env:${name || "KEY"} = value\``;
  }
  return `is not a known key${adviceOnKey(key, processKeys, "write a variable as `env:KEY = value`")}`;
}

/** The JSON value of a text, for keys whose schema asks for something else than text. */
function toJson({ key, text, file }: IniValue): unknown {
  if (key === "cwd") return resolvePattern(text, file);
  if (key === "env_file") {
    const paths = text.split(/[,\n]/).map((part) => part.trim());
    return paths.filter((path) => path !== "").map((path) => resolvePath(path, file));
  }
  const kinds = kindsOf((templateSchema.properties as Readonly<Record<string, TSchema>>)[key]);
  if (kinds.has("String") || kinds.has("Literal")) return text;
  if (kinds.has("Boolean")) return parseBoolean(text);
  // What is no number is left for the schema to refuse, with what it expects.
  return /^[+-]?\d+$/.test(text) ? Number(text) : text;
}

function kindsOf(schema: TSchema | undefined): ReadonlySet<string> {
  const variants: readonly TSchema[] = schema?.["anyOf"] ?? (schema ? [schema] : []);
  return new Set(variants.map((variant) => variant[Kind]));
}

/** A program with a slash is relative to its file, though `cwd` is elsewhere. */
function anchorCommand(cmd: string, folder: string): string {
  let program;
  try {
    [program] = scanWords(cmd);
  } catch {
    // The schema will refuse it, and say where.
    return cmd;
  }
  if (!program?.text.includes("/") || isAbsolute(program.text) || /^[~$]/.test(program.text)) return cmd;
  const written = cmd.slice(program.start, program.end);
  // Its variables must stay outside of the quotes that the folder may need.
  const anchored = program.pattern.includes("$")
    ? `${quoteWord(folder)}/${written}`
    : quoteWord(resolve(folder, program.text));
  return anchored + cmd.slice(program.end);
}
