const startedMs = Date.now() - performance.now();

/** Unix time in whole milliseconds. Setting the clock of the machine while the program runs does not change it. */
export function steadyNowMs(): number {
  return Math.floor(startedMs + performance.now());
}
