/** The deletions of templates that have begun and wait for processes. */
export class Deletions {
  readonly #pending = new Map<string, Promise<void>>();

  has(name: string): boolean {
    return this.#pending.has(name);
  }

  /** Stops a template, then calls `forget`. A second call for the same name joins the first. */
  run(name: string, template: { stop(): Promise<void> }, forget: () => void): Promise<void> {
    const pending = this.#pending.get(name);
    if (pending !== undefined) return pending;
    const deletion = template.stop().then(() => {
      this.#pending.delete(name);
      forget();
    });
    this.#pending.set(name, deletion);
    return deletion;
  }
}
