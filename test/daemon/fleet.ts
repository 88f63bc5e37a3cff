import { expect } from "bun:test";
import { countSleeps } from "../process/spawn/command-line.ts";
import { waitFor } from "../wait-for.ts";

/** The wanted state of a template: `count` processes of `version`, if it is up. */
export interface Wanted {
  readonly count: number;
  readonly version: number;
  readonly isUp: boolean;
}

/** The state that the operator expects. */
export interface Model {
  templates: Map<string, Wanted>;
  file: Map<string, Wanted>;
}

export interface FleetOptions {
  /** The first digit of the sleep durations. No other test uses the same digit. */
  readonly digit: number;
  /** The path of the configuration file. */
  readonly path: string;
  /** The text before the process sections. */
  readonly head: string;
  /** Whether one sleep of each process leaves its session, so that only a subreaper can find it. */
  readonly escapes: boolean;
}

export const httpNames = ["one", "group:two", "three"] as const;
export const fileNames = ["four", "group:five"] as const;
export const names = [...httpNames, ...fileNames];

/** Templates whose processes are sleeps with unique durations, so that all of them can be counted on the machine. */
export class Fleet {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Writes the initial file. */
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
      // Short delays, so that processes that crash repeatedly are back in time.
      backoff: "10ms, 50ms",
    };
  }

  /** The number of sleeps with each mark, without zombies. */
  sleeps(): Map<string, number> {
    return countSleeps(this.#prefix);
  }

  /** Resolves when exactly the wanted processes are alive. */
  async settle(model: Model): Promise<void> {
    const wanted = this.#wantedSleeps(model);
    let seen = this.sleeps();
    await waitFor(() => Bun.deepEquals((seen = this.sleeps()), wanted), "exactly the wanted processes").catch(() =>
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

  /** A duration in seconds that identifies the test run, the template and its version on command lines. */
  #mark(name: string, version: number): string {
    return `${this.#prefix}${names.findIndex((each) => each === name)}.${String(version).padStart(3, "0")}`;
  }

  get #prefix(): string {
    return `${this.#options.digit}${process.pid}`;
  }
}
