import { Elysia } from "elysia";
import { type App, type Manager, Plugin } from "gafferd";

/** Counts events by type and serves the counts at /_plugin/dummy/api/counts. */
export class DummyPlugin extends Plugin {
  override name = "dummy";
  override version = "1.0";
  override description = "counts events by type";

  override app(): App {
    return new DummyApp();
  }
}

class DummyApp implements App {
  readonly #counts = new Map<string, number>();

  start(manager: Manager): void {
    manager.log.info("dummy has started");
    manager.subscribe(".", ({ type }) => this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1));
  }

  stop(): void {
    this.#counts.clear();
  }

  routes() {
    return new Elysia().get("/counts", () => Object.fromEntries(this.#counts));
  }
}
