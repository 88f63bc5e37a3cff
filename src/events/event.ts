import type { ExitStatus } from "../process/exit-status.ts";

export type { ExitStatus };

/**
 * A fact about a template or one of its processes, told after it became so: who asks on hearing it sees the new state.
 * This is the closed list; `type` is what clients see as `event`.
 */
export type GafferdEvent = EventBase &
  (
    | { readonly type: "create" | "start" | "stop" | "restart" | "update" | "delete" }
    /** Too many exits in a window. `retryAtMs` is absent when the template was given up. */
    | { readonly type: "flap"; readonly retryAtMs?: number }
    | ({ readonly type: "spawn" } & ProcessIds)
    /** A process is being stopped because fewer are wanted. */
    | ({ readonly type: "reap" } & ProcessIds)
    /** A process is being stopped for any other reason. */
    | ({ readonly type: "stop_pid" } & ProcessIds)
    | ({ readonly type: "exit"; readonly status: ExitStatus } & ProcessIds)
  );

export type EventType = GafferdEvent["type"];

/** All of them, as patterns name them. */
export const eventTypes = [
  "create",
  "start",
  "stop",
  "restart",
  "update",
  "delete",
  "spawn",
  "reap",
  "exit",
  "stop_pid",
  "flap",
] as const satisfies readonly EventType[];

/** What a publisher says; the bus adds `sequence` and `timeMs`. */
export type Unsequenced<E = GafferdEvent> = E extends GafferdEvent ? Omit<E, "sequence" | "timeMs"> : never;

interface EventBase {
  /** Starts at 1 and grows by 1 with each event of this run of the daemon. */
  readonly sequence: number;
  /** Unix time in milliseconds. */
  readonly timeMs: number;
  /** The template's. */
  readonly name: string;
}

interface ProcessIds {
  /** Ours (`pid` in JSON). */
  readonly id: number;
  /** The kernel's (`os_pid` in JSON). */
  readonly osPid: number;
  /** Its number among the processes of its template. */
  readonly slot: number;
  /** The process is launched, not supervised. */
  readonly detached: boolean;
}
