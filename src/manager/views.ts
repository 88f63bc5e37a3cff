/** The types that callers of the manager may read. To change anything, they call the manager's methods. */
export type { SupervisorState } from "../supervisor/state.ts";
export type { SupervisorStatus } from "../supervisor/status.ts";
export type { SupervisedProcess } from "../supervisor/supervised-process.ts";
export type { Supervisor } from "../supervisor/supervisor.ts";
