const sliceMs = 5;

/**
 * Calls `step` until it returns false (nothing is left to do), then `onDone`; the first steps at once, and after each 5 ms it lets the daemon
 * turn to everything else. A thousand spawns take most of a second.
 */
export function runInSlices(step: () => boolean, onDone: () => void): void {
  const sliceEndMs = performance.now() + sliceMs;
  while (step()) {
    if (performance.now() < sliceEndMs) continue;
    setImmediate(() => runInSlices(step, onDone));
    return;
  }
  onDone();
}
