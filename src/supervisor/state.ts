/** Where a template stands. All but `stopped` and `stopping` mean that it is wanted to run. */
export type SupervisorState =
  /** Nothing runs and nothing is wanted to. */
  | "stopped"
  /** Fewer run than are wanted; they are being spawned. */
  | "starting"
  /** As many run as are wanted. */
  | "running"
  /** Nothing is wanted; some still run. */
  | "stopping"
  /** Fewer run than are wanted until a known time: after an exit, flapping, or a process that could not be spawned. */
  | "backoff"
  /** All processes ended and the restart policy follows them with no other. */
  | "exited"
  /** Given up: it flapped too often or cannot be spawned. */
  | "fatal";

export type Stimulus =
  /** An operator wants it up. */
  | "start"
  /** An operator wants it down. */
  | "stop"
  /** The number of wanted processes changed. */
  | "resized"
  /** A process is gone and another may take its place. */
  | "vacated"
  /** As many run as are wanted. */
  | "filled"
  /** No process is left, and none is wanted: after a stop, or because all ended for good. */
  | "emptied"
  /** Too many exits in the window; to be tried again. */
  | "flapped"
  /** A slot stays empty for a while: after an exit, or since a process could not be spawned. */
  | "deferred"
  /** Flapped too often, or what cannot be spawned. */
  | "gave_up"
  /** The time to try again has come. */
  | "retry";

export type Effect =
  /** Forget exits, retries, slots that wait and processes that ended for good. */
  | "forget"
  /** Tell that it was started, or stopped. */
  | "announce-start"
  | "announce-stop"
  /** Spawn until as many run as are wanted. */
  | "fill"
  /** Stop those that are too many. */
  | "reap"
  /** Stop all processes, and fill no slot that waits. */
  | "drain"
  /** Tell who owns it that it was given up. */
  | "tell-given-up"
  /** Stop waiting for the time to try all of it again. */
  | "cancel-retry";

export interface Transition {
  readonly state: SupervisorState;
  readonly effects: readonly Effect[];
}

type Row = Readonly<Record<Stimulus, Transition>>;

const to = (state: SupervisorState, ...effects: Effect[]): Transition => ({ state, effects });

/** Every (state, stimulus); the supervisor performs the effects in their order. */
export const transitions: Readonly<Record<SupervisorState, Row>> = {
  stopped: {
    ...row(to("stopped")),
    start: to("starting", "forget", "announce-start", "fill"),
  },
  starting: {
    ...row(to("starting")),
    start: to("starting", "cancel-retry", "forget", "fill"),
    stop: to("stopping", "cancel-retry", "announce-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    filled: to("running"),
    emptied: to("exited"),
    flapped: to("backoff", "drain"),
    deferred: to("backoff"),
    gave_up: to("fatal", "drain", "tell-given-up"),
    retry: to("starting", "fill"),
  },
  running: {
    ...row(to("running")),
    start: to("starting", "forget", "fill"),
    stop: to("stopping", "announce-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    emptied: to("exited"),
    flapped: to("backoff", "drain"),
    deferred: to("backoff"),
    gave_up: to("fatal", "drain", "tell-given-up"),
  },
  stopping: {
    ...row(to("stopping")),
    start: to("starting", "forget", "announce-start", "fill"),
    emptied: to("stopped"),
  },
  backoff: {
    ...row(to("backoff")),
    start: to("starting", "cancel-retry", "forget", "announce-start", "fill"),
    stop: to("stopping", "cancel-retry", "announce-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    flapped: to("backoff", "drain"),
    gave_up: to("fatal", "cancel-retry", "drain", "tell-given-up"),
    retry: to("starting", "fill"),
  },
  exited: {
    ...row(to("exited")),
    start: to("starting", "forget", "announce-start", "fill"),
    stop: to("stopping", "announce-stop", "drain"),
    resized: to("starting", "reap", "fill"),
  },
  fatal: {
    ...row(to("fatal")),
    start: to("starting", "forget", "announce-start", "fill"),
    stop: to("stopping", "announce-stop", "drain"),
  },
};

/** A row in which no stimulus does anything. */
function row(stay: Transition): Row {
  return {
    start: stay,
    stop: stay,
    resized: stay,
    vacated: stay,
    filled: stay,
    emptied: stay,
    flapped: stay,
    deferred: stay,
    gave_up: stay,
    retry: stay,
  };
}

export function isWantedUp(state: SupervisorState): boolean {
  return state !== "stopped" && state !== "stopping";
}
