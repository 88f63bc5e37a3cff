import { expect } from "bun:test";
import { countSleeps } from "../process/spawn/command-line.ts";
import { waitFor } from "../wait-for.ts";

/** The expected state of a template: `count` processes of `version` if it is up. */
export interface Wanted {
  readonly count: number;
  readonly version: number;
  readonly isUp: boolean;
}

/** The state that an operator expects. */
export interface Model {
  templates: Map<string, Wanted>;
  file: Map<string, Wanted>;
}

export interface FleetOptions {
  /** A first digit that is unique among the sleeps of all tests. */
  readonly digit: number;
  /** The configuration file. */
  readonly path: string;
  /** The text before its process sections. */
  readonly head: string;
  /** Whether one sleep of each process starts its own session, so that only a subreaper finds it. */
  readonly escapes: boolean;
}

export const httpNames = ["one", "group:two", "three"] as const;
export const fileNames = ["four", "group:five"] as const;
export const names = [...httpNames, ...fileNames];

/** Templates whose processes are sleeps, which can be counted on the whole machine. */
export class Fleet {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Writes the file for the first step. */
  async begin(): Promise<Model> {
    const file = new Map(fileNames.map((name) => [name, { count: 2, version: 0, isUp: true }]));
    await this.writeFile(file);
    return { templates: new Map(file), file };
  }

  async writeFile(templates: ReadonlyMap<string, Wanted>): Promise<void> {
    const sections = [...templates].map(([name, wanted]) => {
      const {
        redirect_output: [label],
        ...settings
      } = this.settings(name, wanted);
      const lines = Object.entries({ ...settings, redirect_output: label }).map(
        ([key, value]) => `${key} = ${value}\n`,
      );
      return `[process:${name}]\n${lines.join("")}`;
    });
    await Bun.write(this.#options.path, `${this.#options.head}${sections.join("")}`);
  }

  settings(name: string, { count, version }: Wanted) {
    return {
      cmd: this.#command(name, version),
      numprocesses: count,
      redirect_output: ["out"],
      graceful_timeout: 5,
      // A crashing process must be restarted in time as well.
      backoff: "10ms, 50ms",
    };
  }

  /** The number of sleeps of each mark, without zombies. */
  sleeps(): Map<string, number> {
    return countSleeps(this.#prefix);
  }

  /** Resolves when exactly the wanted processes run. */
  async settle(model: Model): Promise<void> {
    const wanted = this.#wantedSleeps(model);
    let seen = this.sleeps();
    await waitFor(() => Bun.deepEquals((seen = this.sleeps()), wanted), "what is wanted, and nothing else").catch(() =>
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(wanted)),
    );
  }

  #wantedSleeps({ templates }: Model): Map<string, number> {
    const up = [...templates].filter(([, { isUp, count }]) => isUp && count > 0);
    const sleepsOfEach = this.#options.escapes ? 3 : 2;
    return new Map(up.map(([name, { count, version }]) => [this.#mark(name, version), count * sleepsOfEach]));
  }

  /** A shell with background children. */
  #command(name: string, version: number): string {
    const sleep = `sleep ${this.#mark(name, version)}`;
    return `sh -c "echo up; ${this.#options.escapes ? `setsid ${sleep} & ` : ""}${sleep} & exec ${sleep}"`;
  }

  /** A number of seconds that is unique to this run, the template and its version. */
  #mark(name: string, version: number): string {
    return `${this.#prefix}${names.findIndex((each) => each === name)}.${String(version).padStart(3, "0")}`;
  }

  get #prefix(): string {
    return `${this.#options.digit}${process.pid}`;
  }
}
