import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";

export const main = join(import.meta.dir, "../../src/main.ts");
export const launcher = join(import.meta.dir, "../../src/gafferd.sh");

/** A `gafferd` that a test started in the foreground. Disposing of it kills it and its processes. */
export interface RunningGafferd extends AsyncDisposable {
  readonly osPid: number;
  /** The URL it listens on. */
  readonly url: string;
  readonly exited: Promise<number>;
  /** Everything that it has written so far. */
  out(): string;
  err(): string;
  kill(signal: NodeJS.Signals): void;
}

let lastHome = 0;

/** Starts `gafferd` on a free port and waits until it listens. `under` is a command that runs it, such as `prlimit`. */
export async function startGafferd(
  argv: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; under?: readonly string[]; program?: string } = {},
): Promise<RunningGafferd> {
  const child = Bun.spawn({
    cmd: [...(options.under ?? []), options.program ?? main, "--bind=127.0.0.1:0", ...argv],
    // A home of its own: what an earlier one kept by default is not this one's.
    env: { ...process.env, HOME: join(process.env["HOME"] ?? "/", `gafferd-${++lastHome}`), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdout: "pipe",
    stderr: "pipe",
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const running: Omit<RunningGafferd, "url"> = {
    osPid: child.pid,
    exited: child.exited,
    out,
    err,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      // SIGTERM twice, so that gafferd also kills processes that ignore it.
      while (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await Promise.race([child.exited, Bun.sleep(50)]);
      }
    },
  };
  try {
    const url = await waitFor(() => {
      if (child.exitCode !== null) throw new Error(`gafferd ended with status ${child.exitCode}: ${err()}`);
      return /listens on (http:\/\/[\d.:]+)/.exec(err())?.[1];
    }, "the URL of gafferd");
    return { ...running, url };
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

/** A folder for one test file's files. */
export function createFolder() {
  const path = mkdtempSync(join(tmpdir(), "gafferd-cli-"));
  return {
    path,
    write(name: string, text: string): string {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) text += decoder.decode(bytes, { stream: true });
  })();
  return () => text;
}
