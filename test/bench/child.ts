/** A program that the benchmark runs. Dispose it to stop it. */
export interface Child extends AsyncDisposable {
  readonly osPid: number;
  readonly exited: Promise<number>;
  readonly stdin: Bun.FileSink;
  readonly stdout: LineReader;
  readonly stderr: LineReader;
  kill(signal: NodeJS.Signals): void;
}

const running = new Set<Bun.Subprocess>();

/** Time that a program has to exit before SIGKILL. */
const gracefulTimeoutMs = 15_000;

/** Starts a program and collects its outputs. */
export function startChild(cmd: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Child {
  const child = Bun.spawn({ ...options, cmd: [...cmd], stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  running.add(child);
  const exited = child.exited.finally(() => running.delete(child));
  return {
    osPid: child.pid,
    exited,
    stdin: child.stdin,
    stdout: new LineReader(child.stdout),
    stderr: new LineReader(child.stderr),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      // A stopped process does not handle SIGTERM.
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), gracefulTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Runs a script in a new Bun process and returns the JSON that it prints. Throws with its stderr if it fails. */
export async function runScript<Result>(path: string, args: readonly (string | number)[]): Promise<Result> {
  await using child = startChild([process.execPath, path, ...args.map(String)]);
  const [text, stderrText, status] = await Promise.all([child.stdout.rest(), child.stderr.rest(), child.exited]);
  if (status !== 0) throw new Error(`${path} ended with status ${status}: ${stderrText}`);
  return JSON.parse(text) as Result;
}

/** Sends SIGTERM to all running programs. Does not wait. */
export function endChildren(): void {
  for (const child of running) {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
  }
}

/** Collects an output, so that the pipe never fills up. */
export class LineReader {
  #text = "";
  readonly #ended: Promise<void>;
  #arrived = Promise.withResolvers<void>();
  #hasEnded = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#ended = this.#collect(stream);
  }

  /** Waits for the first match in the output. Throws if the output ends without a match. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      if (this.#hasEnded) throw new Error(`a program ended without ${pattern}: ${this.#text}`);
      await this.#arrived.promise;
    }
  }

  /** Resolves to the whole output when it has ended. */
  async rest(): Promise<string> {
    await this.#ended;
    return this.#text;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#notify();
    }
    this.#hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    const arrived = this.#arrived;
    this.#arrived = Promise.withResolvers<void>();
    arrived.resolve();
  }
}
