import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import { readAnswer } from "../http/service.ts";
import { type Logged, recordLog } from "../recorded-log.ts";

/** Texts by their paths below a folder: `dummy/plugin/index.ts`. */
export type Files = Readonly<Record<string, string>>;

export interface Folder extends Disposable {
  readonly path: string;
  write(files: Files): void;
}

/** A folder that is deleted at the end. */
export function createFolder(files: Files = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), "gafferd-plugin-"));
  const folder: Folder = {
    path,
    write(more) {
      for (const [name, text] of Object.entries(more)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
  folder.write(files);
  return folder;
}

/** The module of a plugin whose app runs these statements. */
export function source(
  name: string,
  parts: { start?: string; stop?: string; more?: string; mandatory?: string[] } = {},
) {
  const { start = "", stop = "", more = "", mandatory = [] } = parts;
  return `
    import { Plugin } from "gafferd";
    export class P extends Plugin {
      name = ${JSON.stringify(name)};
      mandatory = ${JSON.stringify(mandatory)};
      app(config) { return new A(config); }
    }
    class A {
      constructor(config) { this.config = config; }
      async start(manager) { this.manager = manager; manager.log.info("start"); ${start} }
      async stop() { this.manager.log.info("stop"); ${stop} }
      ${more}
    }
  `;
}

export interface Started extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly url: string;
  /** Path of `plugins_dir`. */
  readonly folder: string;
  /** Log lines such as `info plugin dummy: start`, with their cause. */
  readonly logged: Logged[];
  /** Replaces the configuration file. */
  writeIni(text: string): void;
  /** The lines of `logged` that contain `word`. */
  lines(word?: string): string[];
  ask(method: string, path: string, body?: unknown): ReturnType<typeof readAnswer>;
}

export interface StartOptions {
  readonly files?: Files;
  /** The bundled plugins; default: none. */
  readonly bundled?: Files;
  /** The configuration file. */
  readonly ini?: string;
  readonly logged?: Logged[];
}

/** A daemon with these plugins on a free port. */
export async function startWith({ files = {}, bundled = {}, ini, logged = [] }: StartOptions): Promise<Started> {
  const folder = createFolder(files);
  const shipped = createFolder(bundled);
  const file = join(shipped.path, "gaffer.ini");
  if (ini !== undefined) writeFileSync(file, ini);
  const { log } = recordLog(logged);
  const remove = () => {
    folder[Symbol.dispose]();
    shipped[Symbol.dispose]();
  };
  try {
    const readConfig = () =>
      loadConfig(ini === undefined ? undefined : file, { bind: "127.0.0.1:0", pluginsDir: folder.path });
    const daemon = await startDaemon({
      config: readConfig(),
      readConfig,
      version: "1.2.3",
      log,
      pluginModules: { gafferd: () => import("../../src/index.ts") },
      bundledPluginsFolder: shipped.path,
    });
    const url = daemon.urls[0] ?? "";
    return {
      daemon,
      url,
      folder: folder.path,
      logged,
      writeIni: (text) => writeFileSync(file, text),
      lines: (word = "plugin ") => logged.map(({ line }) => line).filter((line) => line.includes(word)),
      async ask(method, path, body) {
        const init = body === undefined ? {} : { body: JSON.stringify(body) };
        const headers = { "content-type": "application/json" };
        return await readAnswer(await fetch(`${url}${path}`, { method, headers, ...init }));
      },
      async [Symbol.asyncDispose]() {
        await daemon.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The error of a daemon that cannot start with these plugins. `DIR` replaces the path of the folder. */
export async function refusal(options: StartOptions): Promise<string> {
  try {
    await using started = await startWith(options);
    return `nothing: it started ${started.url}`;
  } catch (error) {
    return (error as Error).message.replaceAll(/\/\S*gafferd-plugin-\w+/g, "DIR");
  }
}
