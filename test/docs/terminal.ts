import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { lives } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";
import type { ShownCommand, ShownFile } from "./console-page.ts";
import { isShownOutput } from "./mask.ts";
import { repository } from "./page.ts";

/** The ports of the manual. Each page gets free ones in their place. */
const shownPorts = [5000, 5443, 8080, 9000];

/** The folders of the manual: where its commands run, and the home of who types them. */
const shownFolder = "/srv/app";
const shownHome = "/home/you";

const outputMs = 30_000;
/** A gafferd ends within its longest grace and two seconds; the manual shows none longer. */
const endMs = 15_000;

interface RunningCommand {
  readonly osPid: number;
  readonly exited: Promise<number>;
  readonly isGafferd: boolean;
  output(): string;
  hasEnded(): boolean;
}

/** One page's terminal: a folder, a home, ports of its own, and the commands that still run. */
export class Terminal {
  readonly #root = mkdtempSync(join(tmpdir(), "gafferd-manual-"));
  readonly #folder = join(this.#root, "app");
  readonly #home = join(this.#root, "home");
  readonly #ports: ReadonlyMap<number, number>;
  readonly #running: RunningCommand[] = [];

  static async open(): Promise<Terminal> {
    return new Terminal(new Map(await Promise.all(shownPorts.map(async (port) => [port, await freePort()] as const))));
  }

  private constructor(ports: ReadonlyMap<number, number>) {
    this.#ports = ports;
    for (const folder of [this.#folder, this.#home, join(this.#root, "bin")]) mkdirSync(folder);
    // A program of the manual imports `gafferd` as one that has installed it.
    mkdirSync(join(this.#folder, "node_modules"));
    symlinkSync(repository, join(this.#folder, "node_modules/gafferd"));
    symlinkSync(join(repository, "examples"), join(this.#folder, "examples"));
    // Without it, curl draws a progress bar when its output is no terminal.
    writeFileSync(join(this.#home, ".curlrc"), "silent\nshow-error\n");
    this.#writeProgram("gafferd", gafferdScript(ports.get(5000) ?? 0));
    // Debian's own has the packages that the manual uses, whichever comes first in PATH.
    this.#writeProgram("python3", '#!/bin/sh\nexec /usr/bin/python3 "$@"\n');
  }

  /** Writes a file that the page shows. */
  write({ path, text }: ShownFile): void {
    const file = path.startsWith("~/") ? join(this.#home, path.slice(2)) : join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, this.#toActual(text));
    if (text.includes("#!/")) chmodSync(file, 0o755);
  }

  /** Runs a command up to the end that the page shows, and gives its output in the page's words. */
  async run({ command, output, end }: Pick<ShownCommand, "command" | "output" | "end">): Promise<string> {
    const running = await this.#start(command);
    const shown = (): string => this.#toShown(running.output());
    const complete = (): boolean => isShownOutput(shown(), output, { whole: false });
    const goesOn = end !== "exit";
    await waitFor(() => running.hasEnded() || (goesOn && complete()), `the output of "${command}"`, outputMs).catch(
      () => undefined,
    );
    if (end === "go-on" && !running.hasEnded() && complete()) this.#running.push(running);
    else await stop(running, "SIGINT");
    return shown();
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((running) => stop(running, "SIGTERM")));
    await this.#stopDaemons();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** A gafferd that is started replaces the one that the page started before, as they share a port. */
  async #start(command: string): Promise<RunningCommand> {
    const isGafferd = startsGafferd(command);
    const before = isGafferd ? this.#running.findIndex((running) => running.isGafferd) : -1;
    await Promise.all((before === -1 ? [] : this.#running.splice(before, 1)).map((each) => stop(each, "SIGTERM")));
    const child = Bun.spawn({
      cmd: ["bash", "-c", `exec 2>&1\n${this.#toActual(command)}`],
      cwd: this.#folder,
      env: {
        ...process.env,
        PATH: `${join(this.#root, "bin")}:${process.env["PATH"]}`,
        HOME: this.#home,
        TZ: "UTC",
        LC_ALL: "C",
        NO_COLOR: "1",
      },
      stdin: "ignore",
      stdout: "pipe",
      // A group of its own, to interrupt it as a terminal does.
      detached: true,
    });
    let text = "";
    let ended = false;
    const reading = (async () => {
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) text += part;
    })();
    const exited = Promise.all([child.exited, reading]).then(([status]) => {
      ended = true;
      return status;
    });
    return { osPid: child.pid, exited, isGafferd, output: () => text, hasEnded: () => ended };
  }

  /** The page ends them itself, unless it fails before; one whose file is gone has ended. */
  async #stopDaemons(): Promise<void> {
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith(".pid"))) {
      const osPid = Number(await Bun.file(join(this.#folder, name)).text());
      if (osPid > 1 && lives(osPid)) process.kill(osPid, "SIGTERM");
      await waitFor(() => !lives(osPid), `the end of the daemon of ${name}`, endMs);
    }
  }

  #writeProgram(name: string, text: string): void {
    const path = join(this.#root, "bin", name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }

  #toActual(text: string): string {
    const withPorts = [...this.#ports].reduce((all, [shown, actual]) => replaceNumber(all, shown, actual), text);
    return withPorts.replaceAll(shownFolder, this.#folder).replaceAll(shownHome, this.#home);
  }

  #toShown(text: string): string {
    const withPorts = [...this.#ports].reduce((all, [shown, actual]) => replaceNumber(all, actual, shown), text);
    return withPorts.replaceAll(this.#folder, shownFolder).replaceAll(this.#home, shownHome);
  }
}

/** Whether a command starts a daemon, rather than print something. */
export function startsGafferd(command: string): boolean {
  return /^gafferd\b(?! plugin| export)/.test(command) && !/ --(check|help|version)\b/.test(command);
}

async function stop({ osPid, exited, hasEnded }: RunningCommand, signal: "SIGINT" | "SIGTERM"): Promise<void> {
  if (hasEnded()) return;
  process.kill(-osPid, signal);
  const timer = setTimeout(() => process.kill(-osPid, "SIGKILL"), endMs);
  await exited;
  clearTimeout(timer);
}

/** Without an endpoint in its file, gafferd listens on the page's port instead of 5000. */
const gafferdScript = (port: number): string => `#!/bin/sh
main="${join(repository, "src/main.ts")}"
for argument; do
  case "$argument" in export) export GAFFERD_URL=http://127.0.0.1:${port} ;; esac
  case "$argument" in plugin | export | --bind*) exec bun "$main" "$@" ;; esac
  [ -f "\${argument#--config=}" ] && grep -q '^\\[endpoint:' "\${argument#--config=}" && exec bun "$main" "$@"
done
exec bun "$main" --bind=127.0.0.1:${port} "$@"
`;

function replaceNumber(text: string, from: number, to: number): string {
  return text.replaceAll(new RegExp(`\\b${from}\\b`, "g"), String(to));
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { port: number };
    server.close(() => resolve(port));
  });
  return promise;
}
