import type { ProcessUsage } from "../process/usage/sampler.ts";
import type { SupervisedProcess, Supervisor, SupervisorStatus } from "../manager/views.ts";
import type { ExitStatus } from "../events/event.ts";
import { type TemplateDocument, toDocument } from "../template/document.ts";

/** A template, and how it does. */
export interface TemplateView {
  readonly name: string;
  /** Every setting in force, as `GET /processes/:name` answers it. */
  readonly document: TemplateDocument;
  readonly status: SupervisorStatus;
  /** Those that have not exited, ascending by id. */
  readonly processes: readonly ProcessView[];
  /** The last that exited, oldest exit first; their output can still be read. */
  readonly exits: readonly ProcessView[];
}

export interface ProcessView {
  /** Ours: 1, 2, 3 …, never used twice (`pid` in JSON). */
  readonly id: number;
  /** The kernel's (`os_pid` in JSON). */
  readonly osPid: number;
  /** Its number among the processes of its template. */
  readonly slot: number;
  /** The template's. */
  readonly name: string;
  readonly state: "running" | "stopping" | "exited";
  /** Unix time in milliseconds. */
  readonly startedAtMs: number;
  /** The names of its outputs. */
  readonly labels: readonly string[];
  /** Absent until it has exited. */
  readonly exit?: { readonly status: ExitStatus; readonly exitedAtMs: number };
}

/** What one process takes. */
export interface UsageView extends ProcessUsage {
  /** Ours. */
  readonly id: number;
}

export function toTemplateView(supervisor: Supervisor): TemplateView {
  return {
    name: supervisor.template.name,
    document: toDocument(supervisor.template),
    status: supervisor.status(),
    processes: supervisor.processes.map(toProcessView),
    exits: supervisor.exits.map(toProcessView),
  };
}

export function toProcessView(process: SupervisedProcess): ProcessView {
  const { id, osPid, slot, template, state, startedAtMs, rings, exit } = process;
  return {
    id,
    osPid,
    slot,
    name: template.name,
    state,
    startedAtMs,
    labels: [...rings.keys()],
    ...(exit && { exit: { status: exit.status, exitedAtMs: exit.exitedAtMs } }),
  };
}
