import { isUtf8 } from "node:buffer";
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { GafferdError } from "../errors.ts";
import { allowances, createFileCheck, explainFault } from "../files/file-trust.ts";
import { readFileBytes } from "../files/open-file.ts";
import { reasonOf } from "../reason.ts";
import { expandValues, type InheritedEnvironment } from "./expand-values.ts";
import { findIncluded } from "./include.ts";
import { iniSteps, type IniSection, type IniValue } from "./ini.ts";
import { attempt, classifySections, reportValue, type Report, type Section, warnOfValue } from "./section.ts";
import { badValue, isTrue, parseQuotedList, resolvePath } from "./value.ts";

/** The maximum size of each configuration file. */
const maxConfigBytes = 16 * 1024 * 1024;

export interface ConfigFiles {
  /** Absolute paths in the order of reading; the main file is first. */
  readonly files: readonly string[];
  /** The sections of all files. Names are unique, except `[gaffer]`, which each file may have. */
  readonly sections: readonly Section[];
  /** Labels of the sections of unknown kind, which have been reported. */
  readonly misnamed: readonly string[];
}

export interface ReadOptions {
  readonly inherited: InheritedEnvironment;
  readonly report: Report;
  /** As root, reads files that other users can change. Otherwise a file may only allow that for those that it includes. */
  readonly insecureFiles: boolean;
}

/**
 * In steps, reads a file and the files it includes, and replaces variables in values. Reports files and lines that cannot be
 * read, and duplicates.
 */
export function* readFiles(
  mainFile: string,
  { inherited, report, insecureFiles }: ReadOptions,
): Generator<void, ConfigFiles> {
  const check = createFileCheck(insecureFiles);
  const unsafe = new Set<string>();
  const files: string[] = [];
  const sections: Section[] = [];
  const misnamed: string[] = [];

  const realPaths = new Set<string>();
  function* visit(file: string, including: readonly string[], isVouched: boolean): Generator<void> {
    const fault = isVouched ? undefined : check?.find(file);
    if (fault !== undefined) {
      // One problem for all files that a pattern finds in an unsafe folder.
      if (unsafe.has(fault.part)) return;
      unsafe.add(fault.part);
      // A file that others can change cannot allow itself.
      if (including.length === 0) throw badValue(explainFault(file, fault, allowances.option));
      throw badValue(`cannot read ${file}: ${explainFault(file, fault, allowances.key)}`);
    }
    // Links to one file are the same file, but relative paths in it are relative to the path by which it was found.
    const real = realpathSync(file);
    const circle = including.findIndex((outer) => realpathSync(outer) === real);
    if (circle !== -1) {
      throw badValue(`circular include: ${[...including.slice(circle), file].join(" includes ")}`);
    }
    if (realPaths.has(real)) throw badValue(`${file} is already included; remove it here`);
    const text = readText(file, report);
    realPaths.add(real);
    files.push(file);
    const ini = yield* iniSteps(text, file);
    ini.problems.forEach(report);
    const classified = classifySections(ini.sections, report);
    misnamed.push(...findMisnamed(ini.sections, classified));
    const own: Section[] = [];
    for (const each of classified) {
      own.push(expandValues(each, inherited, report));
      yield;
    }
    for (const each of own) sections.push(each);
    for (const { section, value } of includesOf(own)) {
      for (const word of parseQuotedList(value.text)) {
        const inclusion = {
          section,
          value,
          including: [...including, file],
          isVouched: isVouched || allowsInsecure(own),
        };
        yield* attemptToRead(section, value, report, include(word, inclusion));
      }
    }
  }

  function* include(word: string, { section, value, including, isVouched }: Inclusion): Generator<void> {
    const found = yield* findIncluded(
      resolvePath(word, value.file),
      value.key === "include_dir" ? "folder" : "pattern",
    );
    if (found.kind === "named") return yield* visit(found.path, including, isVouched);
    if (found.paths.length === 0 && value.key === "include") {
      warnOfValue(section, value, report, `no file matches ${word}`);
    }
    for (const path of found.paths) {
      yield* attemptToRead(section, value, report, visitOnce(path, including, isVouched));
    }
  }

  /** Skips the file itself and further links to files that were read. */
  function* visitOnce(path: string, including: readonly string[], isVouched: boolean): Generator<void> {
    if (!realPaths.has(realpathSync(path))) yield* visit(path, including, isVouched);
  }

  try {
    yield* visit(resolve(mainFile), [], false);
  } catch (error) {
    report({ file: mainFile, message: `cannot read the configuration: ${refusalOf(error)}` });
  }
  return { files, sections: yield* withoutRepeats(sections, report), misnamed };
}

/** The labels of the sections of unknown kind. */
function findMisnamed(all: readonly IniSection[], classified: readonly Section[]): string[] {
  const known = new Set(classified.map(({ line }) => line));
  return all.filter(({ line }) => !known.has(line)).map(({ name }) => name.slice(name.indexOf(":") + 1).trim());
}

interface Inclusion {
  readonly section: Section;
  readonly value: IniValue;
  /** The chain of files that includes this one, the main file first. */
  readonly including: readonly string[];
  /** Whether one of these allows files that other users can change. */
  readonly isVouched: boolean;
}

function allowsInsecure(sections: readonly Section[]): boolean {
  const values = sections.filter(({ kind }) => kind === "gaffer").flatMap((section) => section.values);
  return values.some(({ key, text }) => key === "insecure_files" && isTrue(text));
}

function includesOf(sections: readonly Section[]): { section: Section; value: IniValue }[] {
  return sections
    .filter((section) => section.kind === "gaffer")
    .flatMap((section) => section.values.map((value) => ({ section, value })))
    .filter(({ value }) => value.key === "include" || value.key === "include_dir");
}

/** Takes the steps of `read`, and reports its errors and those of the file system at the value that names the file. */
function* attemptToRead(section: IniSection, value: IniValue, report: Report, read: Generator<void>): Generator<void> {
  try {
    yield* read;
  } catch (error) {
    attempt(section, value, report, () => {
      if (error instanceof GafferdError) throw error;
      throw badValue(`cannot read ${(error as { path?: string }).path ?? value.text}: ${refusalOf(error)}`);
    });
  }
}

/** The reason of a file system error in words. Rethrows any other error: it is a bug. */
function refusalOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return reasonOf(error);
  throw error;
}

function readText(file: string, report: Report): string {
  const bytes = readFileBytes(file, { maxBytes: maxConfigBytes });
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes)) {
    const line = text.slice(0, text.indexOf("\uFFFD")).split(/\r\n|\n|\r/).length;
    report({ file, line, message: "this line is not valid UTF-8; save the file as UTF-8" });
  }
  return text;
}

/** Keeps the first of two sections or keys with the same name. Reports the second, with the position of the first. */
function* withoutRepeats(sections: readonly Section[], report: Report): Generator<void, Section[]> {
  const seen = new Map<string, IniSection>();
  const gafferKeys = new Map<string, IniValue>();
  const kept: Section[] = [];
  for (const section of sections) {
    yield;
    const { file, line, name, kind, label } = section;
    const id = kind === "gaffer" ? `${kind}:${file}` : `${kind}:${label}`;
    const first = seen.get(id);
    if (first) {
      report({ file, line, section: name, message: `duplicate section; first defined at ${placeOf(first, file)}` });
      continue;
    }
    seen.set(id, section);
    // In [webhooks] a repeated event adds URLs. Keys of [gaffer] must be unique across all files.
    const keys = kind === "gaffer" ? gafferKeys : new Map<string, IniValue>();
    if (kind === "webhooks") {
      kept.push(section);
      continue;
    }
    const values = section.values.filter((value) => {
      const earlier = keys.get(value.key);
      const isInclude = value.key === "include" || value.key === "include_dir";
      if (!earlier || (kind === "gaffer" && isInclude && earlier.file !== value.file)) {
        keys.set(value.key, value);
        return true;
      }
      reportValue(section, value, report, `duplicate key; first defined at ${placeOf(earlier, file)}`);
      return false;
    });
    kept.push({ ...section, values });
  }
  return kept;
}

function placeOf(first: IniSection | IniValue, from: string): string {
  return first.file === from ? `line ${first.line}` : `${first.file}:${first.line}`;
}
