import { afterEach, beforeEach } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, type WriteEntry } from "tar";
import { createFolder, main } from "../running.ts";

/** The folder of the current test, and `plugins_dir` in it. */
export let folder: ReturnType<typeof createFolder>;
export let plugins: string;

/** Creates a folder before each test of a file, and deletes it afterwards. */
export function useFolder(): void {
  beforeEach(() => {
    folder = createFolder();
    plugins = join(folder.path, "plugins");
  });
  afterEach(() => folder.remove());
}

/** The module of a plugin with this name; `top` precedes its class. */
export const codeOf = (name: string, { mandatory = [], top = "" }: { mandatory?: string[]; top?: string } = {}) => `
  import { Plugin } from "gafferd";
  ${top}
  export class Made extends Plugin {
    override name = "${name}"; override version = "1.0"; override description = "made";
    override mandatory = ${JSON.stringify(mandatory)};
  }`;

/** Writes files to a folder of this name, next to the plugins. */
export function make(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name, path)), { recursive: true });
    writeFileSync(join(folder.path, name, path), text);
  }
  return join(folder.path, name);
}

interface PackOptions {
  readonly cwd?: string;
  readonly preservePaths?: boolean;
  readonly onWriteEntry?: (entry: WriteEntry) => void;
}

export async function pack(names: readonly string[], options: PackOptions = {}): Promise<string> {
  const file = join(folder.path, "packed.tgz");
  await create({ gzip: true, cwd: folder.path, ...options, file }, [...names]);
  return file;
}

export async function gafferd(words: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn({
    cmd: [main, "plugin", ...words],
    cwd: folder.path,
    env: { ...process.env, HOME: folder.path, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status };
}

/** Runs a command on a terminal, and types `keys` when it asks. */
export async function atTerminal(words: readonly string[], keys: string) {
  let screen = "";
  let isAsked = false;
  const decoder = new TextDecoder();
  const { CI: _, ...env } = process.env;
  const child = Bun.spawn({
    cmd: [main, "plugin", ...words, "-p", plugins],
    cwd: folder.path,
    env: { ...env, HOME: folder.path, TERM: "xterm-256color" },
    terminal: {
      cols: 200,
      rows: 30,
      data(terminal, bytes) {
        screen += decoder.decode(bytes, { stream: true });
        if (isAsked || !screen.includes("No")) return;
        isAsked = true;
        terminal.write(keys);
      },
    },
  });
  const status = await child.exited;
  child.terminal?.close();
  return { screen: Bun.stripANSI(screen), status, isAsked };
}

export const act = (verb: string, ...words: string[]) => gafferd([verb, "-p", plugins, ...words]);
