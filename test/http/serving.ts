import { afterAll, afterEach, beforeAll } from "bun:test";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import type { GafferSettings } from "../../src/config/gaffer-section.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import type { SupervisedProcess } from "../../src/supervisor/supervised-process.ts";
import type { TemplateBody } from "../../src/template/properties.ts";
import { recordWarnings } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

export interface Serving {
  readonly url: string;
  readonly daemon: Daemon;
  /** The logged warnings and errors. */
  readonly warnings: string[];
  /** Creates a template over HTTP. The default labels of its outputs are `out` and `err`. */
  create(body: Partial<TemplateBody> & { name: string; cmd: string }): Promise<void>;
  process(id: number): SupervisedProcess;
  /** The number of cursors in all rings. */
  cursorCount(): number;
}

export interface ServeSettings {
  /** The allowed origins. */
  readonly corsOrigins?: readonly string[];
  /** The folder of plugins, which must have no code. Default: no plugins. */
  readonly sites?: Pick<GafferSettings, "pluginsDir" | "bundledPlugins">;
}

/** Starts a daemon without templates on a free loopback port. */
export async function serve({ corsOrigins = [], sites }: ServeSettings = {}): Promise<Serving> {
  const { log, warnings } = recordWarnings();
  const read = loadConfig(undefined, { bind: "127.0.0.1:0" });
  const stateDir = join(tmpdir(), `gafferd-state-${randomUUID()}`);
  const config = { ...read, gaffer: { ...read.gaffer, corsOrigins, stateDir, ...sites } };
  const started = await startDaemon({
    config,
    version: "0.0.0-test",
    log,
    readConfig: () => config,
    ...(sites !== undefined && { pluginModules: {} }),
  });
  const daemon: Daemon = {
    ...started,
    async stop() {
      await started.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  const url = daemon.urls[0] ?? "";
  return {
    url,
    daemon,
    warnings,
    async create(body) {
      const defaults = { redirect_output: ["out", "err"], restart: "never", graceful_timeout: 2 };
      const answer = await fetch(`${url}/processes`, {
        method: "POST",
        body: JSON.stringify({ ...defaults, ...body }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    process: (id) => daemon.manager.findProcess(id).process,
    cursorCount() {
      const supervisors = daemon.manager.names().map((name) => daemon.manager.get(name));
      const processes = supervisors.flatMap(({ processes: alive, exits }) => [...alive, ...exits]);
      return processes.flatMap(({ rings }) => [...rings.values()]).reduce((sum, { cursors }) => sum + cursors.size, 0);
    },
  };
}

/** A daemon for all tests of a file. After each test, deletes its templates and checks that no reader is left. */
export function useServing(options: ServeSettings = {}) {
  let current: Serving | undefined;
  let lastName = 0;
  const serving = (): Serving => {
    if (current === undefined) throw new Error("the daemon is only available in tests and hooks");
    return current;
  };

  beforeAll(async () => {
    current = await serve(options);
  });
  afterEach(async () => {
    const { manager, runs, bus } = serving().daemon;
    await Promise.all(manager.names().map((name) => manager.delete(name)));
    await Promise.all(runs.list().map(({ id }) => runs.remove(id)));
    const readers = () => serving().cursorCount() + manager.readerCount() + bus.readerCount;
    await waitFor(() => readers() === 0, "the end of all readers");
  });
  afterAll(async () => {
    await current?.daemon.stop();
  });

  return {
    get serving(): Serving {
      return serving();
    },
    /** The name of the template that `run` created last. */
    get lastName(): string {
      return `t${lastName}`;
    },
    /** Runs a shell script as a new template, and returns the pid of its process. */
    async run(cmd: string, settings: Partial<TemplateBody> = {}): Promise<number> {
      const name = `t${++lastName}`;
      await serving().create({ name, cmd, shell: true, ...settings });
      const { processes, exits } = serving().daemon.manager.get(name);
      return (processes[0] ?? exits[0])?.id ?? 0;
    },
  };
}
