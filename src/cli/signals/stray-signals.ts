import { isatty } from "node:tty";
import { cc } from "bun:ffi";
import { join } from "node:path";
import { log } from "../../log.ts";

/**
 * Signals that would end gafferd although they mean nothing to it. Not in the list: SIGPIPE, SIGURG and SIGCHLD, which do
 * nothing; SIGTSTP, SIGTTIN and SIGTTOU, which suspend a shell's job; and the signals that report a crash.
 */
const named = ["SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGXCPU", "SIGXFSZ", "SIGWINCH"] as const;

/**
 * Signals of Linux that Bun cannot listen for. Bun's garbage collector uses SIGPWR itself (Bun 1.4.5). The real-time
 * signals are the ones that the C library does not use.
 */
const [stackFault, powerFailure] = [16, 30];
const [firstRealTime, lastRealTime] = [34, 64];

/** Ignores the signals that Bun can listen for, and logs a warning for each one. */
export function ignoreStraySignals(): void {
  for (const signal of named) {
    // A terminal sends it when its size changes.
    if (signal === "SIGWINCH" && [0, 1, 2].some((descriptor) => isatty(descriptor))) continue;
    process.on(signal, () => warn(signal));
  }
}

/**
 * Ignores the other signals too. This takes some milliseconds, so call it after gafferd listens. If it succeeds, the
 * promise never settles.
 */
export async function ignoreRealTimeSignals(): Promise<void> {
  if (process.platform !== "linux") return;
  try {
    for await (const numbers of Bun.file(openReports()).stream()) {
      for (const number of numbers) warn(nameOf(number));
    }
  } catch (error) {
    // Bun has no C compiler, or the system forbids generated code.
    log.debug("cannot handle real-time signals; they end gafferd", error);
  }
}

function warn(signal: string): void {
  log.warn(
    `ignoring ${signal}: gafferd stops on SIGTERM, SIGINT and SIGQUIT, reloads on SIGHUP, and reopens its log file on SIGUSR1 and SIGUSR2`,
  );
}

const compile = () =>
  cc({
    source: join(import.meta.dir, "stray-signals.c"),
    symbols: {
      open_reports: { args: [], returns: "i32" },
      report_signal: { args: ["i32"], returns: "i32" },
      share_signal: { args: ["i32"], returns: "i32" },
    },
  });
/** Kept until the end, so that garbage collection does not free the handlers. */
let compiled: ReturnType<typeof compile> | undefined;

/** Returns the descriptor to read signal numbers from. */
function openReports(): number {
  compiled ??= compile();
  const { symbols } = compiled;
  const readEnd = symbols.open_reports();
  if (readEnd === -1) throw new Error("cannot open a pipe");
  symbols.share_signal(powerFailure);
  symbols.report_signal(stackFault);
  for (let number = firstRealTime; number <= lastRealTime; number++) symbols.report_signal(number);
  return readEnd;
}

/** The name that `kill -l` prints: `SIGRTMIN+15`, `SIGRTMAX-14`. */
function nameOf(number: number): string {
  if (number === stackFault) return "SIGSTKFLT";
  if (number === powerFailure) return "SIGPWR";
  const [above, below] = [number - firstRealTime, lastRealTime - number];
  if (above < below) return above === 0 ? "SIGRTMIN" : `SIGRTMIN+${above}`;
  return below === 0 ? "SIGRTMAX" : `SIGRTMAX-${below}`;
}
