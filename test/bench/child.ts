/** A program that the bench runs; disposing of it ends it. */
export interface Child extends AsyncDisposable {
  readonly osPid: number;
  readonly exited: Promise<number>;
  readonly stdin: Bun.FileSink;
  readonly stdout: LineReader;
  readonly stderr: LineReader;
  kill(signal: NodeJS.Signals): void;
}

const running = new Set<Bun.Subprocess>();

/** What a program gets to end by itself before SIGKILL. */
const gracefulTimeoutMs = 15_000;

/** Starts a program whose outputs are collected as they come. */
export function startChild(cmd: readonly string[], options: { cwd?: string } = {}): Child {
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
      // One that was stopped hears no SIGTERM.
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), gracefulTimeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Runs a script of ours in a Bun of its own, and returns what it prints, which is JSON. Throws what it complains of. */
export async function runScript<Result>(path: string, args: readonly (string | number)[]): Promise<Result> {
  await using child = startChild([process.execPath, path, ...args.map(String)]);
  const [text, complaint, status] = await Promise.all([child.stdout.rest(), child.stderr.rest(), child.exited]);
  if (status !== 0) throw new Error(`${path} ended with status ${status}: ${complaint}`);
  return JSON.parse(text) as Result;
}

/** Asks all that still run to end, without waiting. */
export function endChildren(): void {
  for (const child of running) {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
  }
}

/** Collects an output, which is thus never full, and hands it out. */
export class LineReader {
  #text = "";
  readonly #ended: Promise<void>;
  #arrived = Promise.withResolvers<void>();
  #isOver = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#ended = this.#collect(stream);
  }

  /** The first match in what came and will come. Throws when the output ends without. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) return found;
      if (this.#isOver) throw new Error(`a program ended without ${pattern}: ${this.#text}`);
      await this.#arrived.promise;
    }
  }

  /** All of it, when it has ended. */
  async rest(): Promise<string> {
    await this.#ended;
    return this.#text;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.#text += decoder.decode(chunk, { stream: true });
      this.#announce();
    }
    this.#isOver = true;
    this.#announce();
  }

  #announce(): void {
    const arrived = this.#arrived;
    this.#arrived = Promise.withResolvers<void>();
    arrived.resolve();
  }
}
