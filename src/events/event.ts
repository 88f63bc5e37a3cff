import type { ExitStatus } from "../process/exit-status.ts";

export type { ExitStatus };

/**
 * Something that happened to a template or one of its processes. It is published after the state has changed. This is the
 * complete list; clients see `type` as `event`.
 */
export type GafferdEvent = EventBase &
  (
    | { readonly type: "create" | "start" | "stop" | "restart" | "update" | "delete" }
    /** Too many exits in a window. `retryAtMs` is absent if the template was given up. */
    | { readonly type: "flap"; readonly retryAtMs?: number }
    /** The lease of the template's owner has ended. */
    | { readonly type: "lease_end"; readonly owner: string }
    | ({ readonly type: "spawn" } & ProcessIds)
    /** A process is being stopped because fewer are wanted. */
    | ({ readonly type: "reap" } & ProcessIds)
    /** A process is being stopped for any other reason. */
    | ({ readonly type: "stop_pid" } & ProcessIds)
    | ({ readonly type: "exit"; readonly status: ExitStatus } & ProcessIds)
  );

export type EventType = GafferdEvent["type"];

/** All event types. */
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
  "lease_end",
] as const satisfies readonly EventType[];

/** An event as its publisher makes it; the bus adds `sequence` and `timeMs`. */
export type Unsequenced<E = GafferdEvent> = E extends GafferdEvent ? Omit<E, "sequence" | "timeMs"> : never;

interface EventBase {
  /** 1, 2, 3 … within this run of the daemon. */
  readonly sequence: number;
  /** Unix time in milliseconds. */
  readonly timeMs: number;
  /** The name of the template. */
  readonly name: string;
}

interface ProcessIds {
  /** gafferd's own process id (`pid` in JSON). */
  readonly id: number;
  /** The kernel's process id (`os_pid` in JSON). */
  readonly osPid: number;
  /** Its slot among the processes of its template. */
  readonly slot: number;
  /** Whether the process was launched and is not supervised. */
  readonly detached: boolean;
}
