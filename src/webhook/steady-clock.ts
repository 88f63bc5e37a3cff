const startedMs = Date.now() - performance.now();

/** Unix time in whole milliseconds by the clock that this program started with: setting the machine's clock does not move it. */
export function steadyNowMs(): number {
  return Math.floor(startedMs + performance.now());
}
