import type { ProcessUsage } from "../process/usage/sampler.ts";
import type { Supervisor, SupervisorStatus } from "../manager/views.ts";
import type { OutputProcess } from "../reading/output-source.ts";
import type { ExitStatus } from "../events/event.ts";
import { type TemplateDocument, toDocument } from "../template/document.ts";

/** A template with its status and processes. */
export interface TemplateView {
  readonly name: string;
  /** All settings in force, as in the response of `GET /processes/:name`. */
  readonly document: TemplateDocument;
  readonly status: SupervisorStatus;
  /** The running processes, ascending by id. */
  readonly processes: readonly ProcessView[];
  /** The last processes that exited, oldest exit first. Their output can still be read. */
  readonly exits: readonly ProcessView[];
}

export interface ProcessView {
  /** gafferd's id: 1, 2, 3 …, never used twice (`pid` in JSON). */
  readonly id: number;
  /** The process id of the kernel (`os_pid` in JSON). */
  readonly osPid: number;
  /** Its number among the processes of its template, from 0. */
  readonly slot: number;
  /** Name of the template. */
  readonly name: string;
  readonly state: "running" | "stopping" | "exited";
  /** Unix time in milliseconds. */
  readonly startedAtMs: number;
  /** The labels of its outputs. */
  readonly labels: readonly string[];
  /** Absent until it has exited. */
  readonly exit?: { readonly status: ExitStatus; readonly exitedAtMs: number };
}

/** CPU and memory of one process. */
export interface UsageView extends ProcessUsage {
  /** gafferd's id of the process. */
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

export function toProcessView(process: OutputProcess): ProcessView {
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
