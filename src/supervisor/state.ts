/** The state of a template. In every state except `stopped` and `stopping`, it is wanted to run. */
export type SupervisorState =
  /** No process is running or wanted. */
  | "stopped"
  /** Fewer processes run than wanted. The missing ones are being spawned. */
  | "starting"
  /** All wanted processes run. */
  | "running"
  /** No process is wanted, but some still run. */
  | "stopping"
  /** Fewer processes run than wanted until a known time: after an exit, flapping or a failed spawn. */
  | "backoff"
  /** All processes have exited, and the restart policy does not restart them. */
  | "exited"
  /** Given up: the template flapped too often, or its processes cannot be spawned. */
  | "fatal";

export type Stimulus =
  /** A request to start the template. */
  | "start"
  /** A request to stop the template. */
  | "stop"
  /** The number of wanted processes changed. */
  | "resized"
  /** A process has exited, and another may replace it. */
  | "vacated"
  /** All wanted processes run. */
  | "filled"
  /** No process is left and none is wanted: after a stop, or because none of them is restarted. */
  | "emptied"
  /** Too many exits in the window; to be retried. */
  | "flapped"
  /** A slot stays empty for some time, after an exit or a failed spawn. */
  | "deferred"
  /** The template flapped too often, or a process cannot be spawned. */
  | "gave_up"
  /** The time of the retry has come. */
  | "retry";

export type Effect =
  /** Clear exits, retries, slots that wait, and processes that are not restarted. */
  | "reset"
  /** Publish the event that the template was started, or stopped. */
  | "publish-start"
  | "publish-stop"
  /** Spawn until all wanted processes run. */
  | "fill"
  /** Stop the processes that are too many. */
  | "reap"
  /** Stop all processes, and free the slots that wait. */
  | "drain"
  /** Notify the owner of the supervisor that the template was given up. */
  | "notify-given-up"
  /** Stop waiting for the retry of the whole template. */
  | "cancel-retry";

export interface Transition {
  readonly state: SupervisorState;
  readonly effects: readonly Effect[];
}

type Row = Readonly<Record<Stimulus, Transition>>;

const to = (state: SupervisorState, ...effects: Effect[]): Transition => ({ state, effects });

/** The transition for every state and stimulus. The supervisor performs the effects in their order. */
export const transitions: Readonly<Record<SupervisorState, Row>> = {
  stopped: {
    ...row(to("stopped")),
    start: to("starting", "reset", "publish-start", "fill"),
  },
  starting: {
    ...row(to("starting")),
    start: to("starting", "cancel-retry", "reset", "fill"),
    stop: to("stopping", "cancel-retry", "publish-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    filled: to("running"),
    emptied: to("exited"),
    flapped: to("backoff", "drain"),
    deferred: to("backoff"),
    gave_up: to("fatal", "drain", "notify-given-up"),
    retry: to("starting", "fill"),
  },
  running: {
    ...row(to("running")),
    start: to("starting", "reset", "fill"),
    stop: to("stopping", "publish-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    emptied: to("exited"),
    flapped: to("backoff", "drain"),
    deferred: to("backoff"),
    gave_up: to("fatal", "drain", "notify-given-up"),
  },
  stopping: {
    ...row(to("stopping")),
    start: to("starting", "reset", "publish-start", "fill"),
    emptied: to("stopped"),
  },
  backoff: {
    ...row(to("backoff")),
    start: to("starting", "cancel-retry", "reset", "publish-start", "fill"),
    stop: to("stopping", "cancel-retry", "publish-stop", "drain"),
    resized: to("starting", "reap", "fill"),
    vacated: to("starting", "fill"),
    flapped: to("backoff", "drain"),
    gave_up: to("fatal", "cancel-retry", "drain", "notify-given-up"),
    retry: to("starting", "fill"),
  },
  exited: {
    ...row(to("exited")),
    start: to("starting", "reset", "publish-start", "fill"),
    stop: to("stopping", "publish-stop", "drain"),
    resized: to("starting", "reap", "fill"),
  },
  fatal: {
    ...row(to("fatal")),
    start: to("starting", "reset", "publish-start", "fill"),
    stop: to("stopping", "publish-stop", "drain"),
  },
};

/** A row in which no stimulus changes anything. */
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

/** Whether somebody asked for it. */
export function isRequest(stimulus: Stimulus): boolean {
  return stimulus === "start" || stimulus === "stop" || stimulus === "resized";
}
