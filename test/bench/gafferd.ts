import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import { whenQuiet } from "./quiet.ts";

/** A gafferd started by the benchmark, without templates. Dispose it to stop it and its processes. */
export interface Gafferd extends AsyncDisposable {
  readonly osPid: number;
  /** `http://127.0.0.1:43210`. */
  readonly url: string;
  /** Creates and starts a template. Resolves to the pids of its processes. */
  create(template: TemplateBody): Promise<number[]>;
  /** Resolves to the JSON of the response. Throws if the request fails. */
  get<Document>(path: string): Promise<Document>;
}

export interface TemplateBody {
  readonly name: string;
  readonly cmd: string;
  readonly [setting: string]: unknown;
}

const main = join(import.meta.dir, "../../src/main.ts");

/**
 * Waits until the machine is quiet, then starts gafferd, with a home of its own. `config` is the path of a configuration
 * file with an endpoint; default: none.
 */
export async function startGafferd(config?: string): Promise<Gafferd> {
  await whenQuiet();
  // Templates of an earlier benchmark must not be back.
  const home = mkdtempSync(join(tmpdir(), "gafferd-bench-"));
  const args = config === undefined ? ["--bind", "127.0.0.1:0"] : [config];
  const child = startChild([process.execPath, main, ...args], { env: { ...process.env, HOME: home } });
  const stop = async (): Promise<void> => {
    await child[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const [, url = ""] = await child.stderr.match(/listens on (http:\/\/[\d.:]+)/);
    return clientOf(child, url, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function clientOf(child: Child, url: string, stop: () => Promise<void>): Gafferd {
  async function ask<Document>(path: string, init?: RequestInit): Promise<Document> {
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`gafferd answered ${response.status} to ${path}: ${await response.text()}`);
    return (await response.json()) as Document;
  }
  return {
    osPid: child.osPid,
    url,
    async create(template) {
      await ask("/processes", { method: "POST", body: JSON.stringify(template) });
      return (await ask<{ pids: number[] }>(`/processes/${template.name}/_pids`)).pids;
    },
    get: (path) => ask(path),
    [Symbol.asyncDispose]: stop,
  };
}
