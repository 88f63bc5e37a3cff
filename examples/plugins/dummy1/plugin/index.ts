import { type App, type Manager, Plugin, type PluginConfig } from "gafferd";

/** Requires `dummy`, so it starts after `dummy` and stops before it. */
export class Dummy1Plugin extends Plugin {
  override name = "dummy1";
  override version = "1.0";
  override description = "logs the `words` of its section when a process exits";
  override mandatory = ["dummy"];

  override app({ section }: PluginConfig): App {
    return new Dummy1App(section["words"] ?? "has exited");
  }
}

class Dummy1App implements App {
  readonly #words: string;
  #manager: Manager | undefined;

  constructor(words: string) {
    this.#words = words;
  }

  start(manager: Manager): void {
    this.#manager = manager;
    manager.log.info("dummy1 has started");
    manager.subscribe("exit", ({ name }) => manager.log.info(`${name} ${this.#words}`));
  }

  stop(): void {
    this.#manager?.log.info("dummy1 has stopped");
  }

  restart(): void {
    this.#manager?.log.info("dummy1 does not need to restart");
  }
}
