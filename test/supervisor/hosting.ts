import { afterEach, expect } from "bun:test";
import { EventBus } from "../../src/events/bus.ts";
import type { GafferdEvent } from "../../src/events/event.ts";
import type { Logger } from "../../src/log.ts";
import type { OutputMemory } from "../../src/output/output-memory.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { sampleTemplate } from "../process/sample-template.ts";

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export interface Hosting {
  readonly supervisor: Supervisor;
  readonly bus: EventBus;
  /** All published events, oldest first. */
  readonly events: GafferdEvent[];
  /** The type of each event, with the id for events of a process: `spawn 1`. */
  story(): string[];
  /** The reasons for which the template was given up. */
  readonly givenUp: string[];
}

/**
 * Returns `host` for a test file. After each test, its supervisors are stopped and must leave no process, listener or reader
 * behind.
 */
export function hostPerTest(): typeof host {
  const hosted: Supervisor[] = [];
  afterEach(async () => {
    for (const supervisor of hosted.splice(0)) {
      const stopped = supervisor.stop();
      supervisor.kill();
      await stopped;
      expect(supervisor.processes).toEqual([]);
      expect(supervisor.listenerCount).toBe(0);
      const rings = supervisor.exits.flatMap((process) => [...process.rings.values()]);
      expect(rings.map(({ cursors }) => cursors.size)).toEqual(rings.map(() => 0));
    }
  });
  return (overrides, options) => {
    const hosting = host(overrides, options);
    hosted.push(hosting.supervisor);
    return hosting;
  };
}

/** A supervisor of a real template, with its events recorded. */
export function host(
  overrides: Partial<ProcessTemplate>,
  {
    log = silentLog,
    reminderMs,
    memory,
  }: { readonly log?: Logger; readonly reminderMs?: number; readonly memory?: OutputMemory } = {},
): Hosting {
  const bus = new EventBus((error) => {
    throw error;
  });
  const events: GafferdEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const givenUp: string[] = [];
  let lastId = 0;
  const supervisor = new Supervisor(sampleTemplate(overrides), {
    bus,
    log,
    memory,
    ...(reminderMs !== undefined && { reminderMs }),
    nextId: () => ++lastId,
    gaveUp: (_, reason) => givenUp.push(reason),
  });
  const story = () => events.map((event) => ("id" in event ? `${event.type} ${event.id}` : event.type));
  return { supervisor, bus, events, story, givenUp };
}
