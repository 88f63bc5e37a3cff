/** What the operator asks for by signals. */
export interface Signals {
  /** Resolves at the first of SIGTERM, SIGINT and SIGQUIT. */
  readonly stop: Promise<NodeJS.Signals>;
  /** Calls `listener` at each one after that; at once when there was one already. */
  onHasten(listener: () => void): void;
  /** Calls `listener` at each SIGHUP; at once when there was one already. */
  onReload(listener: () => void): void;
  /** Calls `listener` at each SIGUSR1 and SIGUSR2 from now on; before that they do nothing. */
  onReopen(listener: (signal: NodeJS.Signals) => void): void;
}

/** `npm start` passes Ctrl-C on to a program that got it from the terminal already: two so close are one. */
const repeatedInterruptMs = 200;

/** Takes over the signals that would end the program. */
export function listenForSignals(): Signals {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAtMs: number | undefined;
  let isHastened = false;
  let hasten: (() => void) | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      resolve(signal);
    } else if (signal !== "SIGINT" || nowMs - firstAtMs > repeatedInterruptMs) {
      isHastened = true;
      hasten?.();
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
    onHasten(listener) {
      hasten = listener;
      if (isHastened) listener();
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
