import { fileURLToPath } from "node:url";
import type { ProcessTemplate } from "../../src/template/template.ts";

/** A complete template that runs `true`, with no redirects and short timeouts. */
export function sampleTemplate(overrides: Partial<ProcessTemplate> = {}): ProcessTemplate {
  return {
    name: "sample",
    cmd: "true",
    args: [],
    cwd: "/",
    env: {},
    envFiles: [],
    osEnv: true,
    detach: false,
    shell: false,
    numprocesses: 1,
    start: true,
    persist: true,
    redirectOutput: [],
    redirectInput: false,
    gracefulTimeoutMs: 5000,
    stopSignal: "SIGTERM",
    killMode: "mixed",
    onHostExit: "kill",
    restart: "always",
    successCodes: [0],
    onGiveUp: "ignore",
    outputBufferBytes: 2 ** 20,
    onLeaseEnd: "stop",
    stdinTimeoutMs: 5000,
    losslessTimeoutMs: 5000,
    ...overrides,
  };
}

/** The command that runs a fixture of `test/fixtures/` with `sh`. */
export function fixtureCommand(name: string): string {
  return `sh '${fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))}'`;
}
