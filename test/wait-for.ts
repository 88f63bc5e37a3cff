/** Polls until `condition` gives something truthy and returns it; fails naming `what` never came. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  what: string,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`never came within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(5);
  }
}
