import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningGafferd, startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";

/** A real gafferd, because a test program cannot undo becoming a child subreaper. */
export interface Hosted extends AsyncDisposable {
  readonly gafferd: RunningGafferd;
  /** Its `state_dir`. */
  readonly stateDir: string;
  /** Creates a template with redirected output and returns the pid of its process. */
  create(template: { readonly name: string; readonly [key: string]: unknown }): Promise<number>;
  /** The first `count` numbers that the process prints. */
  numbers(pid: number, count: number): Promise<number[]>;
  ask(method: string, path: string): Promise<Record<string, unknown>>;
}

export interface HostedOptions {
  /** Its configuration, without the section `[gaffer]`. */
  readonly ini?: string;
  /** The directory of its files. Default: a new temporary directory. */
  readonly folder?: string;
  readonly env?: Record<string, string>;
}

export async function startHosted({
  ini = "",
  folder = createFolder(),
  env = {},
}: HostedOptions = {}): Promise<Hosted> {
  const stateDir = join(folder, "state");
  const file = join(folder, "gaffer.ini");
  await Bun.write(file, `[gaffer]\nstate_dir = ${stateDir}\n${ini}`);
  const gafferd = await startGafferd([file], { env });
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    return (await (await fetch(gafferd.url + path, init)).json()) as Record<string, unknown>;
  };
  return {
    gafferd,
    stateDir,
    ask,
    async create(template) {
      const answer = await ask("POST", "/processes", { cwd: "/", redirect_output: ["out", "out"], ...template });
      if (answer["ok"] !== true) throw new Error(`cannot create ${template.name}: ${JSON.stringify(answer)}`);
      // It may have exited since.
      const [pid] = answer["pids"] as number[];
      if (pid === undefined) throw new Error(`${template.name} has no process`);
      return pid;
    },
    async numbers(pid, count) {
      return await waitFor(async () => {
        const text = await (await fetch(`${gafferd.url}/streams/${pid}/out`)).text();
        const found = text.match(/^\d+$/gm) ?? [];
        return found.length >= count ? found.map(Number) : undefined;
      }, `${count} numbers from process ${pid}`);
    },
    async [Symbol.asyncDispose]() {
      await gafferd[Symbol.asyncDispose]();
    },
  };
}

/** A temporary directory that is deleted after the tests of the file. */
function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-hosted-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
