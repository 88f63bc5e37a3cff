import { existsSync } from "node:fs";
import { cpus, release } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly kernel: string;
  readonly bun: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  const cpu = processors[0]?.model.trim() ?? "unknown";
  return { cores: processors.length, cpu, kernel: release(), bun: Bun.version };
}

/** The programs that are not in PATH. */
export function missingPrograms(programs: readonly string[]): string[] {
  return programs.filter((program) => Bun.which(program) === null);
}

export const isLinux = existsSync("/proc/self/smaps_rollup");
