const sliceMs = 5;

/**
 * Calls `step` until it returns false (no work is left), then `onDone`. The first steps run immediately. Every 5 ms it
 * yields to the event loop: a thousand spawns take most of a second.
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
