import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { allPages, codesOfFirstColumn, manualPages, readPage, repository, sectionOf, sectionsOf } from "./page.ts";

test.each(allPages)("every link of %s leads to a file and a heading that exist", (path) => {
  const broken = linksOf(path).filter(({ file, anchor }) => {
    if (!existsSync(join(repository, file))) return true;
    return anchor !== undefined && !anchorsOf(file).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test("the README links to every page of the manual", () => {
  const linked = linksOf("README.md").map(({ file }) => file);
  expect(manualPages.filter((page) => !linked.includes(page))).toEqual([]);
});

test("the README is at most 8 KB", () => {
  expect(Buffer.byteLength(readPage("README.md"))).toBeLessThanOrEqual(8192);
});

test("no table is padded, so that a changed cell changes one line", () => {
  const padded = [...allPages, "CHANGELOG.md"].flatMap((path) =>
    readPage(path)
      .split("\n")
      .filter((line) => /^\|.*( {2,}\||\| {2,}\S|-{4,} \|)/.test(line)),
  );
  expect(padded).toEqual([]);
});

test("no page holds both sides of a conflict", () => {
  expect([...allPages, "CHANGELOG.md"].filter((path) => /^(<{7}|>{7}) /m.test(readPage(path)))).toEqual([]);
});

test("the package ships the manual", async () => {
  const { files } = (await Bun.file(join(repository, "package.json")).json()) as { files: string[] };
  expect(files).toContain("docs");
});

test("the tree of CONTRIBUTING has every part of src/, and names only what exists", () => {
  const told = codesOfFirstColumn(sectionOf("CONTRIBUTING.md", "Tree"));
  const parts = readdirSync(join(repository, "src"), { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `src/${entry.name}/` : `src/${entry.name}`,
  );
  expect(parts.filter((part) => !told.includes(part))).toEqual([]);
  expect(told.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
});

/** The links of a page to files of the repository. */
function linksOf(path: string): { file: string; anchor: string | undefined }[] {
  const targets = [...readPage(path).matchAll(/(?:\]\(|src="|srcset=")([^)\s"]+)/g)].map(([, target = ""]) => target);
  return targets
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { file: file === "" ? path : normalize(join(dirname(path), file)), anchor };
    });
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(path: string): string[] {
  return sectionsOf(readPage(path)).map(({ title }) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}
