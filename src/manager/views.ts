/** What callers of the manager are shown; they change it by the manager's verbs alone. */
export type { SupervisorState } from "../supervisor/state.ts";
export type { SupervisorStatus } from "../supervisor/status.ts";
export type { SupervisedProcess } from "../supervisor/supervised-process.ts";
export type { Supervisor } from "../supervisor/supervisor.ts";
