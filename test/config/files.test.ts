import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { createFolder } from "./folder.ts";

const { folder, write, load, problemsOf, warningsOf } = createFolder();

const namesOf = (text: string): string[] => load(text).templates.map(({ name }) => name);

describe("include", () => {
  test("reads files after the one that includes them, relative to its folder", () => {
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

  test("accepts one path per line", () => {
    write("one.ini", "[process:one]\ncmd = 1");
    write("two.ini", "[process:two]\ncmd = 2");
    expect(namesOf("[gaffer]\ninclude =\n  one.ini\n  two.ini")).toEqual(["one", "two"]);
  });

  test("of a missing file is an error at its line", () => {
    expect(problemsOf("[gaffer]\ninclude = gone.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: cannot read gone.ini: no such file or directory",
    ]);
  });

  test("must not be circular; the error shows the circle", () => {
    expect(problemsOf("[gaffer]\ninclude = gaffer.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: circular include: gaffer.ini includes gaffer.ini",
    ]);
    write("round.ini", "[gaffer]\ninclude = gaffer.ini");
    expect(problemsOf("[gaffer]\ninclude = round.ini")).toEqual([
      "round.ini:2: [gaffer] include: circular include: gaffer.ini includes round.ini includes gaffer.ini",
    ]);
  });

  test("detects a circle through a symbolic link", () => {
    symlinkSync("gaffer.ini", join(folder, "link.ini"));
    expect(problemsOf("[gaffer]\ninclude = link.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: circular include: gaffer.ini includes link.ini",
    ]);
  });

  test("of one file twice is an error", () => {
    write("twice.ini", "[process:twice]\ncmd = 2");
    expect(problemsOf("[gaffer]\ninclude = twice.ini ./twice.ini")).toEqual([
      "gaffer.ini:2: [gaffer] include: twice.ini is already included; remove it here",
    ]);
  });
});

describe("include with a pattern", () => {
  test("reads the matching files, sorted, and warns if there is none", () => {
    write("glob.d/b.ini", "[process:b]\ncmd = b");
    write("glob.d/a.ini", "[process:a]\ncmd = a");
    write("glob.d/c.conf", "[process:c]\ncmd = c");
    write("glob.d/deep/d.ini", "[process:d]\ncmd = d");
    expect(namesOf("[gaffer]\ninclude = glob.d/*.ini")).toEqual(["a", "b"]);
    expect(namesOf("[gaffer]\ninclude = glob.d/{c,d}.conf glob.d/[b].ini")).toEqual(["c", "b"]);
    expect(namesOf("[gaffer]\ninclude = glob.d/**/*.ini")).toEqual(["a", "b", "d"]);
    expect(warningsOf("[gaffer]\ninclude = glob.d/*.none")).toEqual([
      "gaffer.ini:2: [gaffer] include: no file matches glob.d/*.none",
    ]);
  });

  test("skips hidden names, folders, the file itself and files that were already read", () => {
    write("own.d/.hidden.ini", "nonsense");
    write("own.d/.git/x.ini", "nonsense");
    write("own.d/a.ini", "[process:a]\ncmd = a");
    mkdirSync(join(folder, "own.d/folder.ini"));
    symlinkSync("a.ini", join(folder, "own.d/b.ini"));
    symlinkSync("../gaffer.ini", join(folder, "own.d/c.ini"));
    expect(namesOf("[gaffer]\ninclude = own.d/a.ini, own.d/*.ini, own.d/**/*.ini")).toEqual(["a"]);
    expect(problemsOf("[gaffer]\ninclude = own.d/.*.ini")).toHaveLength(1);
  });

  test("reads a file with exactly that name, if it exists", () => {
    write("a[1].ini", "[process:one]\ncmd = 1");
    write("a1.ini", "[process:two]\ncmd = 2");
    expect(namesOf("[gaffer]\ninclude = a[1].ini")).toEqual(["one"]);
  });

  test("may contain variables, and a folder whose name begins with a dot", () => {
    write(".config/x.ini", "[process:x]\ncmd = x");
    expect(load("[gaffer]\ninclude = $CONF/*.ini", undefined, { CONF: ".config" }).templates).toHaveLength(1);
  });
});

describe("a name with spaces", () => {
  test.each(["'my conf/a b.ini'", '"my conf/a b.ini"', '"my conf"/"a b.ini"', '"my conf"/*.ini', "'my conf/a*.ini'"])(
    "%s is quoted",
    (name) => {
      write("my conf/a b.ini", "[process:blank]\ncmd = x");
      write("plain.ini", "[process:plain]\ncmd = x");
      expect(namesOf(`[gaffer]\ninclude = ${name}, plain.ini`)).toEqual(["blank", "plain"]);
    },
  );

  test("may be that of a folder, and an apostrophe is literal", () => {
    write("my dir/a.ini", "[process:a]\ncmd = x");
    write("joe's.ini", "[process:joe]\ncmd = x");
    expect(namesOf(`[gaffer]\ninclude_dir = "my dir"\ninclude = joe's.ini`).toSorted()).toEqual(["a", "joe"]);
  });
});

/** Writes files as a kubelet mounts a ConfigMap: the files in a dated folder, and links to them. */
function mountConfigMap(name: string, files: Record<string, string>, date: string): void {
  for (const [file, text] of Object.entries(files)) {
    write(`${name}/..${date}/${file}`, text);
    if (!existsSync(join(folder, name, file))) symlinkSync(`..data/${file}`, join(folder, name, file));
  }
  symlinkSync(`..${date}`, join(folder, name, "..data_tmp"));
  renameSync(join(folder, name, "..data_tmp"), join(folder, name, "..data"));
}

describe("include_dir and include with a pattern, with files that occur in practice", () => {
  test.each(["include_dir = map.d", "include = map.d/*.ini"])(
    "%s reads a Kubernetes ConfigMap, also after an update",
    (line) => {
      rmSync(join(folder, "map.d"), { recursive: true, force: true });
      mountConfigMap("map.d", { "web.ini": "[process:web]\ncmd = a", "db.ini": "[process:db]\ncmd = b" }, "2026_1");
      expect(namesOf(`[gaffer]\n${line}`)).toEqual(["db", "web"]);
      mountConfigMap("map.d", { "web.ini": "[process:web2]\ncmd = a", "db.ini": "[process:db]\ncmd = b" }, "2026_2");
      expect(namesOf(`[gaffer]\n${line}`)).toEqual(["db", "web2"]);
    },
  );

  test("reads a ConfigMap that also contains the main file", () => {
    mountConfigMap("whole.d", { "gaffer.ini": "[gaffer]\ninclude_dir = .", "a.ini": "[process:a]\ncmd = a" }, "1");
    expect(loadConfig(join(folder, "whole.d/gaffer.ini")).templates.map(({ name }) => name)).toEqual(["a"]);
  });

  test("skip lock files, swap files and backups of editors, resource forks of macOS, and .git", () => {
    write("real.d/a.ini", "[process:a]\ncmd = a");
    symlinkSync("me@host.1234:5678", join(folder, "real.d/.#a.ini"));
    write("real.d/._a.ini", new Uint8Array([0, 5, 22, 7]));
    write("real.d/.a.ini.swp", "b0VIM");
    write("real.d/a.ini~", "nonsense");
    write("real.d/.git/refs/x.ini", "nonsense");
    for (const line of ["include_dir = real.d", "include = real.d/*.ini"]) {
      expect(namesOf(`[gaffer]\n${line}`)).toEqual(["a"]);
    }
  });

  test("read a file with several names once", () => {
    write("links.d/a.ini", "[process:a]\ncmd = a");
    symlinkSync("a.ini", join(folder, "links.d/b.ini"));
    mkdirSync(join(folder, "links.d/sub"));
    symlinkSync("../a.ini", join(folder, "links.d/sub/c.ini"));
    expect(namesOf("[gaffer]\ninclude_dir = links.d")).toEqual(["a"]);
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

  test("of a missing folder, or of a file, is an error", () => {
    write("file", "");
    expect(problemsOf("[gaffer]\ninclude_dir = gone.d file")).toEqual([
      "gaffer.ini:2: [gaffer] include_dir: cannot read gone.d: no such file or directory",
      "gaffer.ini:2: [gaffer] include_dir: cannot read file: part of the path is not a directory",
    ]);
  });

  test("of an empty folder reads nothing", () => {
    mkdirSync(join(folder, "empty.d"));
    expect(namesOf("[gaffer]\ninclude_dir = empty.d")).toEqual([]);
  });
});

describe("a duplicate in two files", () => {
  test("is an error with both positions if it is a section", () => {
    write("other.ini", "\n[process:web]\ncmd = b");
    expect(problemsOf("[gaffer]\ninclude = other.ini\n[process:web]\ncmd = a")).toEqual([
      "other.ini:2: [process:web] duplicate section; first defined at gaffer.ini:3",
    ]);
  });

  test("is an error with both positions if it is a key of [gaffer]", () => {
    write("more.ini", "[gaffer]\nplugins_dir = b");
    expect(problemsOf("[gaffer]\nplugins_dir = a\ninclude = more.ini")).toEqual([
      "more.ini:2: [gaffer] plugins_dir: duplicate key; first defined at gaffer.ini:2",
    ]);
  });

  test("is allowed for a process and its environment", () => {
    write("env.ini", "[env:web]\nA = 1");
    expect(load("[gaffer]\ninclude = env.ini\n[process:web]\ncmd = a").templates[0]?.env).toEqual({ A: "1" });
  });
});

test("errors of an included file have its line numbers, and follow those of the including file", () => {
  write("bad.ini", "[process:bad]\ncmd = '\n\nnice = 1");
  expect(problemsOf("[gaffer]\ninclude = bad.ini\n\nx = 1")).toEqual([
    "gaffer.ini:4: [gaffer] x: unknown key; write one of http_endpoints, plugins_dir, plugin_dir, state_dir, bundled_plugins, include, include_dir, cors_origins, on_crash, on_hang, hang_timeout, memory_limit, insecure_files",
    "bad.ini:2: [process:bad] cmd: unclosed single quote at character 1; close it, or put a backslash before it",
    "bad.ini:4: [process:bad] nice: unknown key",
  ]);
});
