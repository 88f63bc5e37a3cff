import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createFolder } from "./folder.ts";

const { folder, write, load, problemsOf } = createFolder();

const namesOf = (text: string): string[] => load(text).templates.map(({ name }) => name);

describe("include", () => {
  test("reads more files, relative to the one that names them, after it", () => {
    write("conf/a.ini", "[process:a]\ncmd = ./a");
    write("conf/b.ini", "[gaffer]\ninclude = deep/c.ini\n[process:b]\ncmd = ./b\nenv_file = b.env");
    write("conf/deep/c.ini", "[process:c]\ncmd = c");
    const config = load("[gaffer]\ninclude = conf/b.ini, conf/a.ini\n[process:main]\ncmd = m");
    expect(config.templates.map(({ name, cwd }) => [name, cwd])).toEqual([
      ["main", folder],
      ["b", join(folder, "conf")],
      ["c", join(folder, "conf/deep")],
      ["a", join(folder, "conf")],
    ]);
    expect(config.templates[1]?.envFiles).toEqual([join(folder, "conf/b.env")]);
    expect(config.files).toEqual(
      ["gaffer.ini", "conf/b.ini", "conf/deep/c.ini", "conf/a.ini"].map((file) => join(folder, file)),
    );
  });

  test("takes paths on lines of their own", () => {
    write("one.ini", "[process:one]\ncmd = 1");
    write("two.ini", "[process:two]\ncmd = 2");
    expect(namesOf("[gaffer]\ninclude =\n  one.ini\n  two.ini")).toEqual(["one", "two"]);
  });

  test("of a file that is not there is refused where it stands", () => {
    expect(problemsOf("[gaffer]\ninclude = gone.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: cannot read gone.ini: there is no such file or folder",
    ]);
  });

  test("in a circle is refused, with the circle", () => {
    expect(problemsOf("[gaffer]\ninclude = gaffer.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: must not include in a circle: gaffer.ini includes gaffer.ini",
    ]);
    write("round.ini", "[gaffer]\ninclude = gaffer.ini");
    expect(problemsOf("[gaffer]\ninclude = round.ini")).toEqual([
      "round.ini:2: [gaffer] include: must not include in a circle: gaffer.ini includes round.ini includes gaffer.ini",
    ]);
  });

  test("sees a circle through a symbolic link", () => {
    symlinkSync("gaffer.ini", join(folder, "link.ini"));
    expect(problemsOf("[gaffer]\ninclude = link.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: must not include in a circle: gaffer.ini includes link.ini",
    ]);
  });

  test("of one file twice is refused", () => {
    write("twice.ini", "[process:twice]\ncmd = 2");
    expect(problemsOf("[gaffer]\ninclude = twice.ini ./twice.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: must not include twice.ini a second time",
    ]);
  });
});

describe("include_dir", () => {
  test("reads every *.ini below a folder, sorted, and nothing else", () => {
    write("conf.d/b.ini", "[process:b]\ncmd = b");
    write("conf.d/a.ini", "[process:a]\ncmd = a");
    write("conf.d/sub/c.ini", "[process:c]\ncmd = c");
    write("conf.d/a.ini.bak", "nonsense");
    mkdirSync(join(folder, "conf.d/folder.ini"));
    expect(namesOf("[gaffer]\ninclude_dir = conf.d\n[process:z]\ncmd = z")).toEqual(["z", "a", "b", "c"]);
  });

  test("of a folder that is not there, or is a file, is refused", () => {
    write("file", "");
    expect(problemsOf("[gaffer]\ninclude_dir = gone.d file")).toEqual([
      "gaffer.ini:2: [gaffer] include_dir: cannot read gone.d: there is no such file or folder",
      "gaffer.ini:2: [gaffer] include_dir: cannot read file: a part of its path is not a folder",
    ]);
  });

  test("of an empty folder is nothing", () => {
    mkdirSync(join(folder, "empty.d"));
    expect(namesOf("[gaffer]\ninclude_dir = empty.d")).toEqual([]);
  });
});

describe("what stands in two files", () => {
  test("is refused with both places, if it is a section", () => {
    write("other.ini", "\n[process:web]\ncmd = b");
    expect(problemsOf("[gaffer]\ninclude = other.ini\n[process:web]\ncmd = a")).toEqual([
      "other.ini:2: [process:web] stands already at gaffer.ini:3",
    ]);
  });

  test("is refused with both places, if it is a key of [gaffer]", () => {
    write("more.ini", "[gaffer]\nplugins_dir = b");
    expect(problemsOf("[gaffer]\nplugins_dir = a\ninclude = more.ini")).toEqual([
      "more.ini:2: [gaffer] plugins_dir: stands already at gaffer.ini:2",
    ]);
  });

  test("may be a process and its environment", () => {
    write("env.ini", "[env:web]\nA = 1");
    expect(load("[gaffer]\ninclude = env.ini\n[process:web]\ncmd = a").templates[0]?.env).toEqual({ A: "1" });
  });
});

test("problems of an included file come with its own lines, after those of the file before it", () => {
  write("bad.ini", "[process:bad]\ncmd = '\n\nnice = 1");
  expect(problemsOf("[gaffer]\ninclude = bad.ini\n\nx = 1")).toEqual([
    "gaffer.ini:4: [gaffer] x: is not a known key",
    "bad.ini:2: [process:bad] cmd: the single quote at character 1 is never closed: close it, or put a backslash before it",
    "bad.ini:4: [process:bad] nice: is not a known key",
  ]);
});
