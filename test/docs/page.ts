import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const repository = join(import.meta.dir, "../..");

/** The pages of the manual, `docs/…`, in the order of their names. */
export const manualPages: readonly string[] = readdirSync(join(repository, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)
  .toSorted();

/** The manual, and the pages beside it that link to it. */
export const allPages: readonly string[] = ["README.md", "CONTRIBUTING.md", ...manualPages];

/** The text of a page, such as `docs/errors.md`. */
export function readPage(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

export interface Section {
  /** The heading without its `#`s, such as "`cmd`". */
  readonly title: string;
  /** How many `#` it has. */
  readonly level: number;
  /** What follows the heading, up to the next one of any level. */
  readonly text: string;
}

/** All sections of a page. A `#` inside of a code block begins none. */
export function sectionsOf(markdown: string): Section[] {
  const sections: { title: string; level: number; text: string }[] = [];
  let fence: string | undefined;
  for (const line of markdown.split("\n")) {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
    const heading = fence === undefined ? /^(#+) (.*)$/.exec(line) : null;
    if (heading !== null) sections.push({ title: heading[2] ?? "", level: heading[1]?.length ?? 0, text: "" });
    else sections.at(-1)!.text += `${line}\n`;
  }
  return sections;
}

/** What follows a heading of a page, up to the next heading. */
export function sectionOf(path: string, title: string): string {
  const section = sectionsOf(readPage(path)).find((each) => each.title === title);
  if (section === undefined) throw new Error(`${path} has no section "${title}"`);
  return section.text;
}

/** Every `code` of a text. */
export function codesOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** Every `code` in the first column of a text's tables. */
export function codesOfFirstColumn(text: string): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("| `") ? codesOf(line.split("|")[1] ?? "") : []));
}
