import type { Logger } from "../../src/log.ts";
import { type Process, spawnProcess } from "../../src/process/process.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { recordLog } from "../recorded-log.ts";

/** Starts a process. Its log is discarded unless `log` is given. */
export function startProcess(template: ProcessTemplate, log: Logger = recordLog().log): Process {
  return spawnProcess(template, { log });
}
