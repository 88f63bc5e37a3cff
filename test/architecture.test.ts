import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";

/**
 * Who may import whom, type imports included: the table of `src/`'s parts. `errors` and `log` are open to all, and every
 * part to itself.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  log: [],
  suggestion: [],
  bind: [],
  boot: [],
  slices: [],
  reason: [],
  libc: [],
  moment: [],
  // Who asks for a change.
  actor: [],
  descriptors: [],
  "file-limit": ["libc"],
  files: ["libc"],
  // The database: each user brings its own tables.
  store: [],
  template: [],
  output: [],
  // Types only.
  events: ["process"],
  process: ["template", "descriptors", "file-limit", "libc"],
  // What outlives a daemon that was killed: it reads and signals processes that are not its children.
  survival: ["process", "template"],
  supervisor: ["process", "output", "events", "template"],
  webhook: ["documents", "events", "store", "libc"],
  // A secret of webhooks is read the same way in the file as in a body.
  config: ["template", "webhook", "events"],
  // An INI file of what runs. It reads what it has written again.
  export: ["config", "template"],
  reading: ["supervisor", "output"],
  // What happened, in memory and in the store.
  history: ["documents", "reading", "supervisor", "process", "events", "template", "store"],
  manager: ["history", "supervisor", "output", "events", "template", "store"],
  leases: ["manager", "events", "template", "store"],
  // Copies of output, to files and to gafferd's stdout. Files are written with the permissions of the process's user.
  copies: ["manager", "reading", "supervisor", "process", "events", "template"],
  // Output on disk: it reads the buffers of processes as other readers do, and is read as they are.
  journal: ["manager", "reading", "supervisor", "output", "events", "template"],
  // Search of what the journal has written.
  logs: ["journal", "reading", "events"],
  // Processes that are started once. They are hosted by the manager.
  runs: ["manager", "leases", "supervisor", "process", "events", "template", "documents", "store"],
  plugin: ["manager", "reading", "process", "events", "config", "template"],
  documents: ["events", "template"],
  // Types only: it runs in browsers.
  client: ["documents", "events", "template"],
  // Templates too: a body is read and written by the one schema that reads a section of the file. Webhooks, which it
  // lists and registers. The process, whose usage it samples.
  http: [
    "journal",
    "logs",
    "documents",
    "manager",
    "history",
    "leases",
    "runs",
    "reading",
    "process",
    "webhook",
    "events",
    "output",
    "template",
    "export",
    "plugin",
    "descriptors",
    "libc",
  ],
  daemon: [
    "store",
    "history",
    "leases",
    "survival",
    "copies",
    "journal",
    "config",
    "documents",
    "http",
    "webhook",
    "plugin",
    "manager",
    "runs",
    "supervisor",
    "process",
    "output",
    "events",
    "template",
    "file-limit",
  ],
  // The public door too: it is what plugins import.
  cli: ["daemon", "index", "client", "plugin", "config", "output", "events", "template", "file-limit", "libc"],
  main: ["cli"],
  // The launcher, a shell script, and what makes `dist/`: no part of the program.
  gafferd: [],
  build: [],
  index: ["daemon", "config", "plugin", "manager", "reading", "supervisor", "process", "output", "events", "template"],
};

/**
 * Who may import whom inside `http/`, from the plumbing up to the app. Rooms of one row do not know each other.
 */
const httpRooms: readonly (readonly string[])[] = [
  ["operation"],
  ["listen"],
  ["quirks"],
  ["feed"],
  ["streams", "logs", "watch", "stats", "processes", "leases", "webhooks", "metrics", "plugins", "daemon"],
  ["runs"],
  ["openapi"],
  ["app.ts"],
];

const maxFilesInRoom = 25;

const openToAll = ["errors", "log", "suggestion", "slices", "bind", "boot", "reason", "moment", "files", "actor"];

/** Parts that take nothing but types from others, and nothing at all from packages. */
const standAlone = ["client"];

/** A package that has one place in the program; `/` is the start of a subpath. */
const packagePlaces: Readonly<Record<string, readonly string[]>> = {
  // Prompts, for `cli`.
  consola: ["log", "cli"],
  citty: ["cli"],
  // `.npmrc` is read by it too.
  ini: ["config", "plugin"],
};

const mayPrintAndExit = ["log", "cli", "main"];
const maxLines = 300;

/** Source text by path below `src/`. */
type Tree = ReadonlyMap<string, string>;

test("src/ obeys its own rules", async () => {
  const paths = await Array.fromAsync(new Bun.Glob("**/*.{ts,sh}").scan(join(import.meta.dir, "../src")));
  const sources = paths.map(
    async (path) => [path, await Bun.file(join(import.meta.dir, "../src", path)).text()] as const,
  );
  const tree: Tree = new Map(await Promise.all(sources));
  expect(tree.size).toBeGreaterThan(50);
  expect(findViolations(tree)).toEqual([]);
});

describe("the check finds", () => {
  test.each<[string, Record<string, string>, string]>([
    [
      "an import that points up",
      { "output/ring.ts": `import { a } from "../process/a.ts";`, "process/a.ts": "" },
      "output/ring.ts imports process/a.ts: output may not import process",
    ],
    [
      "a type import that points up",
      { "events/event.ts": `import type {\n  A,\n} from "../manager/a.ts";`, "manager/a.ts": "" },
      "events/event.ts imports manager/a.ts: events may not import manager",
    ],
    [
      "an export from above",
      { "template/a.ts": `export { type A, b as c } from "../config/a.ts";`, "config/a.ts": "" },
      "template/a.ts imports config/a.ts: template may not import config",
    ],
    [
      "a dynamic import that points up",
      { "http/app.ts": `const { a } = await import("../daemon.ts");`, "daemon.ts": "" },
      "http/app.ts imports daemon.ts: http may not import daemon",
    ],
    [
      "a type that is imported where it is used",
      { "http/app.ts": `export type A = import("../cli/a.ts").A;`, "cli/a.ts": "" },
      "http/app.ts imports cli/a.ts: http may not import cli",
    ],
    [
      "an import for its effect",
      { "log.ts": `import "./template/a.ts";`, "template/a.ts": "" },
      "log.ts imports template/a.ts: log may not import template",
    ],
    [
      "a circle of files",
      {
        "output/a.ts": `import { b } from "./b.ts";`,
        "output/b.ts": `import { c } from "./c.ts";`,
        "output/c.ts": `import type { a } from "./a.ts";`,
      },
      "output/a.ts → output/b.ts → output/c.ts → output/a.ts is a circle",
    ],
    [
      "plumbing of http that knows a resource",
      { "http/feed/a.ts": `import { b } from "../streams/b.ts";`, "http/streams/b.ts": "" },
      "http/feed/a.ts imports http/streams/b.ts: http/feed may not import http/streams",
    ],
    [
      "a resource of http that knows another",
      { "http/watch/a.ts": `import { b } from "../streams/b.ts";`, "http/streams/b.ts": "" },
      "http/watch/a.ts imports http/streams/b.ts: http/watch may not import http/streams",
    ],
    [
      "a room that is too full",
      Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`output/${index}.ts`, ""])),
      "output/ has 26 files, more than 25",
    ],
    [
      "a room of http that the table lacks",
      { "http/misc/a.ts": "" },
      "http/misc/a.ts: the table has no room `http/misc`",
    ],
    ["a part that the table lacks", { "utils/a.ts": "" }, "utils/a.ts: the table has no part `utils`"],
    [
      "an import without its extension",
      { "http/app.ts": `import { b } from "./b";`, "http/feed/b.ts": "" },
      "http/app.ts imports http/b, which is no file",
    ],
    ["printing", { "manager/a.ts": `console.log("x");` }, "manager/a.ts uses console."],
    ["printing on stdout", { "http/app.ts": `process.stdout.write("x");` }, "http/app.ts uses process.stdout"],
    ["exiting", { "daemon.ts": `function f() { process.exit(1); }` }, "daemon.ts uses process.exit("],
    [
      "consola elsewhere",
      { "http/feed/a.ts": `import { b } from "consola/utils";` },
      "http/feed/a.ts imports consola/utils",
    ],
    [
      "a value in what runs in browsers",
      { "client/a.ts": `import { a, type B } from "../documents/b.ts";`, "documents/b.ts": "" },
      "client/a.ts imports a value from ../documents/b.ts",
    ],
    [
      "a package in what runs in browsers",
      { "client/a.ts": `import type { Static } from "@sinclair/typebox";` },
      "client/a.ts imports @sinclair/typebox",
    ],
    ["a barrel", { "http/feed/index.ts": "" }, "http/feed/index.ts is a barrel"],
    [
      "a name that means two things",
      {
        "output/a.ts": `export interface Item {}`,
        "events/a.ts": `export type Item = 1;\nexport const Other = 1;\nexport type Other = 1;`,
        "index.ts": `export { type Item, type Item as OutputItem } from "./output/a.ts";`,
      },
      "`Item` is exported by output/a.ts and events/a.ts: one name, one meaning",
    ],
    ["a long file", { "http/app.ts": "\n".repeat(301) }, "http/app.ts has 301 lines, more than 300"],
  ])("%s", (_, files, violation) => {
    expect(findViolations(new Map(Object.entries(files)))).toEqual([violation]);
  });

  test("nothing in a tree that is as it should be", () => {
    const tree = {
      "main.ts": `console.error("x"); process.exit(1); const { a } = await import("./cli/a.ts");`,
      "cli/a.ts": `import { a } from "../daemon.ts";\nimport { createMain } from "citty";\nconsole.log(a);`,
      "daemon.ts": `import type { B } from "./http/feed/b.ts";\nimport { log } from "./log.ts";`,
      "http/feed/b.ts": `// console.log("x")\n/** import("../daemon.ts") and process.exit() are not ours. */\nexport interface B {}`,
      "log.ts": `import { createConsola } from "consola/core";`,
      "index.ts": `export { a } from "./daemon.ts";`,
      "documents/b.ts": "",
      "client/a.ts": `import type { B } from "../documents/b.ts";\nexport type { B } from "../documents/b.ts";\nimport { c } from "./c.ts";`,
      "client/c.ts": "",
    };
    expect(findViolations(new Map(Object.entries(tree)))).toEqual([]);
  });
});

function findViolations(tree: Tree): string[] {
  const files = [...tree].map(([path, source]) => ({ path, source, part: partOf(path), imports: importsOf(source) }));
  return [
    ...files
      .filter(({ part }) => !(part in mayImport))
      .map(({ path, part }) => `${path}: the table has no part \`${part}\``),
    ...files.flatMap((file) => findWrongImports(file, tree)),
    ...files.flatMap(findWrongRooms),
    ...findFullRooms([...tree.keys()]),
    ...findCircles(new Map(files.map(({ path, imports }) => [path, ownImports(path, imports)]))),
    ...files
      .filter(({ part }) => !mayPrintAndExit.includes(part))
      .flatMap(({ path, source }) => findEffects(source).map((effect) => `${path} uses ${effect}`)),
    ...files
      .filter(({ part }) => standAlone.includes(part))
      .flatMap(({ path, source }) => findDependencies(path, source)),
    ...findSharedNames(tree),
    ...files.filter(({ path }) => path.endsWith("/index.ts")).map(({ path }) => `${path} is a barrel`),
    ...files
      .map(({ path, source }) => ({ path, lines: source.split("\n").length - 1 }))
      .filter(({ lines }) => lines > maxLines)
      .map(({ path, lines }) => `${path} has ${lines} lines, more than ${maxLines}`),
  ];
}

/** `http` of `http/routes/a.ts`, `daemon` of `daemon.ts`. */
function partOf(path: string): string {
  return path.split("/")[0]?.replace(/\.(ts|sh)$/, "") ?? path;
}

/**
 * What stands after `from` and in `import(…)`. Bun's own scanner leaves types out, so this reads the text; oxfmt keeps
 * static imports at the start of a line.
 */
function importsOf(source: string): string[] {
  const code = withoutComments(source);
  const statements = /^(?:import|export)\s[\w\s{},*$]*?\bfrom\s*"([^"]+)"/gm;
  const others = /^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...code.matchAll(statements), ...code.matchAll(others)].map((match) => match[1] ?? match[2] ?? "");
}

/** Whole-line comments alone: a `//` later in a line may be part of an address. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** The imported files of ours, as paths below `src/`; what leads out of it (`package.json`) is no part. */
function ownImports(path: string, imports: readonly string[]): string[] {
  const relative = imports.filter((imported) => imported.startsWith("."));
  return relative.map((imported) => join(dirname(path), imported)).filter((imported) => !imported.startsWith(".."));
}

function findWrongImports(file: { path: string; part: string; imports: readonly string[] }, tree: Tree): string[] {
  const { path, part, imports } = file;
  const allowed = [part, ...openToAll, ...(mayImport[part] ?? [])];
  const own = ownImports(path, imports).flatMap((imported) => {
    if (!tree.has(imported)) return [`${path} imports ${imported}, which is no file`];
    const other = partOf(imported);
    return allowed.includes(other) ? [] : [`${path} imports ${imported}: ${part} may not import ${other}`];
  });
  const packages = imports.filter((imported) => {
    const places = packagePlaces[imported.split("/")[0] ?? ""];
    return places !== undefined && !places.includes(part);
  });
  return [...own, ...packages.map((imported) => `${path} imports ${imported}`)];
}

/** Imports between the rooms of `http/` that point up, or from one resource to another. */
function findWrongRooms({ path, imports }: { path: string; imports: readonly string[] }): string[] {
  if (!path.startsWith("http/")) return [];
  const level = levelOf(path);
  if (level === undefined) return [`${path}: the table has no room \`${roomOf(path)}\``];
  return ownImports(path, imports).flatMap((imported) => {
    const other = levelOf(imported);
    const isFine = other === undefined || roomOf(imported) === roomOf(path) || other < level;
    return isFine ? [] : [`${path} imports ${imported}: ${roomOf(path)} may not import ${roomOf(imported)}`];
  });
}

/** `http/streams` of `http/streams/a.ts`, `http/app.ts` of itself. */
function roomOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function levelOf(path: string): number | undefined {
  const level = httpRooms.findIndex((row) => row.some((room) => roomOf(path) === `http/${room}`));
  return level < 0 ? undefined : level;
}

function findFullRooms(paths: readonly string[]): string[] {
  const rooms = Map.groupBy(paths, (path) => dirname(path));
  return [...rooms]
    .filter(([, files]) => files.length > maxFilesInRoom)
    .map(([room, { length }]) => `${room}/ has ${length} files, more than ${maxFilesInRoom}`);
}

/** What a part that stands alone takes from elsewhere, types aside. */
function findDependencies(path: string, source: string): string[] {
  const code = withoutComments(source);
  const values = importsOf(code.replaceAll(/^(?:import|export) type\s[^"]*"[^"]+"/gm, ""));
  const packages = importsOf(code).filter((imported) => !imported.startsWith("."));
  return [
    ...values.filter((imported) => imported.startsWith("../")).map((each) => `${path} imports a value from ${each}`),
    ...packages.map((each) => `${path} imports ${each}`),
  ];
}

/** Each circle once, by a walk that goes on from every file not yet left. */
function findCircles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] => {
    const start = trail.indexOf(path);
    if (start >= 0) return [`${[...trail.slice(start), path].join(" → ")} is a circle`];
    if (left.has(path)) return [];
    const found = (edges.get(path) ?? []).flatMap((next) => walk(next, [...trail, path]));
    left.add(path);
    return found;
  };
  return [...edges.keys()].flatMap((path) => walk(path, []));
}

/** Names that several files define for others; what only passes one on (`export … from`) defines nothing. */
function findSharedNames(tree: Tree): string[] {
  const definition =
    /^export (?:abstract |declare |async )*(?:class|function\*?|interface|type|const|let|enum) (\w+)/gm;
  const places = new Map<string, Set<string>>();
  for (const [path, source] of tree) {
    for (const [, name = ""] of withoutComments(source).matchAll(definition)) {
      places.set(name, (places.get(name) ?? new Set()).add(path));
    }
  }
  return [...places]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `\`${name}\` is exported by ${[...paths].join(" and ")}: one name, one meaning`);
}

/** What of printing and exiting there is, comments aside. */
function findEffects(source: string): string[] {
  const code = withoutComments(source);
  const effects = ["console.", "process.exit(", "process.stdout", "process.stderr"];
  return effects.filter((effect) => new RegExp(`(?<![\\w.])${RegExp.escape(effect)}`).test(code));
}
