/** When something is to be over at the latest. It can be brought forward, never put off. Who makes it disposes of it. */
export class Deadline implements Disposable {
  readonly #passed = Promise.withResolvers<void>();
  readonly #hastened = Promise.withResolvers<void>();
  #atMs = Infinity;
  #timer: Timer | undefined;

  constructor(inMs: number) {
    this.#set(inMs);
  }

  /** Never less than 0. */
  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** Resolves when it is brought forward for the first time. */
  get hastened(): Promise<void> {
    return this.#hastened.promise;
  }

  bringForward(inMs: number): void {
    this.#set(inMs);
    this.#hastened.resolve();
  }

  /** Resolves when `done` does, and at the deadline at the latest. */
  async wait(done: Promise<void>): Promise<void> {
    await Promise.race([done, this.#passed.promise]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #set(inMs: number): void {
    this.#atMs = Math.min(this.#atMs, performance.now() + inMs);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#passed.resolve, this.leftMs);
  }
}
