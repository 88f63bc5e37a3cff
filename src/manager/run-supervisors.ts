import { GafferdError } from "../errors.ts";
import type { SupervisorContext } from "../supervisor/context.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import type { ProcessTemplate } from "../template/template.ts";

/**
 * The supervisors of runs. Each has one process, which is never restarted, and is kept until it is removed. Runs are not
 * templates: no list of templates has them, and their names are none that a template can have.
 */
export class RunSupervisors {
  readonly #context: Omit<SupervisorContext, "gaveUp">;
  readonly #byName = new Map<string, Supervisor>();
  readonly #byProcess = new Map<number, Supervisor>();
  /** Those of which something still runs. */
  readonly #active = new Set<Supervisor>();

  constructor(context: Omit<SupervisorContext, "gaveUp">) {
    this.#context = context;
  }

  get all(): readonly Supervisor[] {
    return [...this.#byName.values()];
  }

  /** Those whose process, or something that it started, has not exited. */
  get active(): readonly Supervisor[] {
    return [...this.#active];
  }

  has(supervisor: Supervisor): boolean {
    return this.#byName.get(supervisor.template.name) === supervisor;
  }

  find(name: string): Supervisor | undefined {
    return this.#byName.get(name);
  }

  findProcess(id: number): { supervisor: Supervisor; process: SupervisedProcess } | undefined {
    const supervisor = this.#byProcess.get(id);
    const process = supervisor?.find(id);
    return supervisor !== undefined && process !== undefined ? { supervisor, process } : undefined;
  }

  /**
   * Starts a process. Throws `spawn_failed`, or `overloaded` if a later attempt may succeed; then nothing is kept. Call
   * `prepareUser` before.
   */
  start(template: ProcessTemplate): { supervisor: Supervisor; process: SupervisedProcess } {
    const { name } = template;
    const supervisor = new Supervisor(template, { ...this.#context, gaveUp: () => {} });
    this.#byName.set(name, supervisor);
    try {
      supervisor.start();
    } catch (error) {
      this.#byName.delete(name);
      throw error;
    }
    const [process = supervisor.exits[0]] = supervisor.processes;
    if (process === undefined) {
      this.#byName.delete(name);
      const { reason = "there are too few resources" } = supervisor.status();
      // It would be tried again.
      void supervisor.stop();
      throw new GafferdError("overloaded", `${reason}; try again`);
    }
    this.#byProcess.set(process.id, supervisor);
    this.#active.add(supervisor);
    void process.gone().then(() => this.#active.delete(supervisor));
    return { supervisor, process };
  }

  /** Call when its process has ended. Its output is no longer kept. */
  remove(supervisor: Supervisor): void {
    this.#byName.delete(supervisor.template.name);
    for (const { id } of [...supervisor.processes, ...supervisor.exits]) this.#byProcess.delete(id);
    this.#active.delete(supervisor);
    supervisor.retire();
  }
}
