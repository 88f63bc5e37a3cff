/** A point in time by which work must end. It can be moved earlier, never later. The creator must dispose of it. */
export class Deadline implements Disposable {
  readonly #passed = Promise.withResolvers<void>();
  readonly #movedEarlier = Promise.withResolvers<void>();
  #atMs = Infinity;
  #timer: Timer | undefined;

  constructor(inMs: number) {
    this.#set(inMs);
  }

  /** Time left; 0 once the deadline has passed. */
  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** Resolves when the deadline is moved earlier for the first time. */
  get movedEarlier(): Promise<void> {
    return this.#movedEarlier.promise;
  }

  moveEarlier(inMs: number): void {
    this.#set(inMs);
    this.#movedEarlier.resolve();
  }

  /** Resolves when `done` resolves, at the latest at the deadline. */
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
