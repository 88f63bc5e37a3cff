import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findIncluded } from "../../src/config/include.ts";
import { finishNow } from "../../src/slices.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-include-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
}

function find(path: string, kind: "pattern" | "folder"): string[] {
  const found = finishNow(findIncluded(join(folder, path), kind));
  return found.kind === "selected" ? found.paths.map((each) => each.slice(folder.length + 1)) : [found.path];
}

describe("links to a folder are not followed", () => {
  write("loop/a.ini", "loop/sub/b.ini");
  for (const name of ["one", "two"]) symlinkSync(join(folder, "loop"), join(folder, "loop", name));
  symlinkSync(join(folder, "loop/sub/b.ini"), join(folder, "loop/link.ini"));

  test.each<[string, "pattern" | "folder"]>([
    ["loop", "folder"],
    ["loop/**/*.ini", "pattern"],
  ])("by %s: two links to the folder itself end the search neither late nor twice", (path, kind) => {
    expect(find(path, kind)).toEqual(["loop/a.ini", "loop/link.ini", "loop/sub/b.ini"]);
  });

  test("a pattern has its own levels", () => {
    expect(find("loop/*.ini", "pattern")).toEqual(["loop/a.ini", "loop/link.ini"]);
    expect(find("loop/*/*.ini", "pattern")).toEqual(["loop/sub/b.ini"]);
    expect(find("loop/{a,sub/b}.ini", "pattern")).toEqual(["loop/a.ini", "loop/sub/b.ini"]);
    expect(find("none/*.ini", "pattern")).toEqual([]);
  });
});

test("hidden names are found only if the pattern has them", () => {
  write("dots/.x.ini", "dots/.git/c.ini", "dots/d.ini");
  expect(find("dots", "folder")).toEqual(["dots/d.ini"]);
  expect(find("dots/**/*.ini", "pattern")).toEqual(["dots/d.ini"]);
  expect(find("dots/.*.ini", "pattern")).toEqual(["dots/.x.ini"]);
  expect(find("dots/.git/*.ini", "pattern")).toEqual(["dots/.git/c.ini"]);
});

describe("what is exceeded is named", () => {
  test("by a chain of folders", () => {
    write(`deep/${"a/".repeat(16)}x.ini`);
    for (const [path, kind] of [
      ["deep", "folder"],
      ["deep/**/*.ini", "pattern"],
    ] as const) {
      expect(() => find(path, kind)).toThrow("deep has more than 16 levels of folders");
    }
  });

  test("by too many files or entries", () => {
    write(...Array.from({ length: 40 }, (_, at) => `many/${at}.${at % 4 === 0 ? "ini" : "txt"}`));
    const many = join(folder, "many");
    expect(() => finishNow(findIncluded(many, "folder", { levels: 16, files: 10, entries: 39 }))).toThrow(
      "more than 39 entries",
    );
    expect(() => finishNow(findIncluded(`${many}/*.ini`, "pattern", { levels: 16, files: 9, entries: 40 }))).toThrow(
      "than 9 files",
    );
    expect(find("many", "folder")).toHaveLength(10);
  });
});
