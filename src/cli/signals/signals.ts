/** The signals that operators send to gafferd. */
export interface Signals {
  /** Resolves at the first of SIGTERM, SIGINT and SIGQUIT. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Calls `listener` for each further stop signal, and immediately if one has already arrived. */
  onRepeatedStop(listener: () => void): void;
  /** Calls `listener` for each SIGHUP, and immediately if one has already arrived. */
  onReload(listener: () => void): void;
  /** Calls `listener` for each SIGUSR1 and SIGUSR2 from now on. Earlier ones are ignored. */
  onReopen(listener: (signal: NodeJS.Signals) => void): void;
}

/** Two SIGINT within this time count as one: `npm start` forwards Ctrl-C to a program that the terminal sent it to already. */
const repeatedInterruptMs = 200;

/** Installs handlers for the signals that would end the program. */
export function listenForSignals(): Signals {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAtMs: number | undefined;
  let isRepeated = false;
  let onRepeated: (() => void) | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      resolve(signal);
    } else if (signal !== "SIGINT" || nowMs - firstAtMs > repeatedInterruptMs) {
      isRepeated = true;
      onRepeated?.();
    }
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) process.on(signal, onSignal);
  let isReloadDue = false;
  let reload: (() => void) | undefined;
  process.on("SIGHUP", () => {
    if (reload === undefined) isReloadDue = true;
    else reload();
  });

  let reopen: ((signal: NodeJS.Signals) => void) | undefined;
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) process.on(signal, () => reopen?.(signal));

  return {
    stop: promise,
    onRepeatedStop(listener) {
      onRepeated = listener;
      if (isRepeated) listener();
    },
    onReload(listener) {
      reload = listener;
      if (isReloadDue) listener();
    },
    onReopen(listener) {
      reopen = listener;
    },
  };
}
