import { GafferdError } from "../errors.ts";
import { expandValues } from "../config/expand-values.ts";
import { readIni } from "../config/ini.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { readProcess } from "../config/process-section.ts";
import { classifySections } from "../config/section.ts";
import { toDocument } from "../template/document.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { quoteWord, scanWords } from "../template/words.ts";
import { indent, isPlain, writeLiteral } from "./ini-value.ts";
import { writeWords } from "./ini-words.ts";
import { writeValues, type Written } from "./process-values.ts";

/**
 * An INI file with a `[process:NAME]` section for each template, which starts the same. Keys with their default are left
 * out. Writes one section per step. Throws `invalid_config` with all values that an INI file cannot have.
 */
export function* toIni(templates: Iterable<ProcessTemplate>): Generator<void, string> {
  const unwritable: string[] = [];
  const sections: string[] = [];
  for (const template of templates) {
    const { text, unwritten } = writeSection(template);
    unwritable.push(...unwritten.map((key) => `\`${key}\` of \`${template.name}\``));
    sections.push(text);
    yield;
  }
  if (unwritable.length === 0) return sections.join("\n");
  const values = unwritable.length === 1 ? "a value" : "values";
  throw new GafferdError(
    "invalid_config",
    `cannot write ${values} as INI: ${unwritable.join(", ")}; GET /processes?detail=true has everything as JSON`,
  );
}

interface WrittenSection {
  readonly text: string;
  /** The keys whose values an INI file cannot have. */
  readonly unwritten: readonly string[];
}

function writeSection(given: ProcessTemplate): WrittenSection {
  const template = withoutUnwritableScript(given);
  const variables = Object.entries(template.env).map(([name, value]): [string, Written] => [
    `env:${name}`,
    isVariableName(name) ? writeLiteral(value) : undefined,
  ]);
  const values: [string, Written][] = [...writeValues(template), ...variables];
  const lines = values.flatMap(([key, text]) => (text === undefined ? [] : [`${key} = ${indent(text)}\n`]));
  const text = `[process:${template.name}]\n${lines.join("")}`;
  const unwritten = values.flatMap(([key, written]) => (written === undefined ? [key] : []));
  return { text, unwritten: unwritten.length > 0 ? unwritten : misread(template, text) };
}

/** A script with lines that an INI file would change becomes an argument of `sh`, in quotes. */
function withoutUnwritableScript(template: ProcessTemplate): ProcessTemplate {
  if (!template.shell || isPlain(template.cmd)) return template;
  const words = template.args.map((arg) => quoteWord(arg.replaceAll("$$", () => "$")));
  return { ...template, shell: false, cmd: `sh -c ${quoteWord([template.cmd, ...words].join(" "))}`, args: [] };
}

/** A key ends at the first `=` or `:` after the first character of the name. */
function isVariableName(name: string): boolean {
  return name.trim() === name && !/[:\n\r]/.test(name);
}

/** The keys that gafferd would refuse or read differently than they were meant. */
function misread(meant: ProcessTemplate, text: string): string[] {
  const problems: ConfigProblem[] = [];
  const report = (problem: ConfigProblem) => problems.push(problem);
  const [section] = classifySections(readIni(text, "/gaffer.ini").sections, report);
  const found = section && readProcess(expandValues(section, {}, report), undefined, report);
  if (found === undefined) return problems.map(({ key = "name" }) => key);
  const [before, after] = [comparable(meant), comparable(found)];
  return Object.keys(before).filter((key) => before[key] !== after[key]);
}

function comparable(template: ProcessTemplate): Readonly<Record<string, string>> {
  const { cmd, ...others } = toDocument(template);
  // A relative program is written with its folder.
  const command = template.shell ? [cmd] : scanWords(cmd).slice(1);
  const words = command.map((word) => (typeof word === "string" ? word : word.pattern));
  const document = { ...others, cmd: words, args: writeWords(template.args) };
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, JSON.stringify(value)]));
}
