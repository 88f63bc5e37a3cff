import { toSeconds } from "./duration.ts";
import type { TemplateDocument } from "./document-schema.ts";
import { retryForever } from "./properties.ts";
import type { BackoffPolicy, FlappingPolicy, ProcessTemplate } from "./template.ts";

export type { TemplateDocument };

/** The reverse of `parseTemplate`: parsing the document gives the same template. */
export function toDocument(template: ProcessTemplate): TemplateDocument {
  return {
    name: template.name,
    cmd: template.cmd,
    args: [...template.args],
    cwd: template.cwd,
    env: { ...template.env },
    env_file: [...template.envFiles],
    os_env: template.osEnv,
    uid: template.uid ?? null,
    gid: template.gid ?? null,
    detach: template.detach,
    shell: template.shell,
    numprocesses: template.numprocesses,
    port: template.port ?? null,
    start: template.start,
    persist: template.persist,
    priority: template.priority ?? null,
    flapping: template.flapping ? toFlappingDocument(template.flapping) : null,
    redirect_output: [...template.redirectOutput],
    redirect_input: template.redirectInput,
    graceful_timeout: toSeconds(template.gracefulTimeoutMs),
    stop_signal: template.stopSignal,
    kill_mode: template.killMode,
    on_host_exit: template.onHostExit,
    restart: template.restart,
    success_codes: [...template.successCodes],
    backoff: template.backoff ? toBackoffDocument(template.backoff) : false,
    on_give_up: template.onGiveUp,
    output_buffer: template.outputBufferBytes,
    output_keep: template.outputKeep
      ? {
          size: template.outputKeep.maxBytes ?? null,
          age: template.outputKeep.maxAgeMs === undefined ? null : toSeconds(template.outputKeep.maxAgeMs),
        }
      : null,
    output_file: template.outputFile ?? null,
    output_rotate: template.outputRotate
      ? { size: template.outputRotate.maxBytes, keep: template.outputRotate.keep }
      : null,
    output_to: template.outputTo ?? null,
    owner: template.owner ?? null,
    lease: template.leaseMs === undefined ? null : toSeconds(template.leaseMs),
    on_lease_end: template.onLeaseEnd,
    stdin_timeout: toSeconds(template.stdinTimeoutMs),
    lossless_timeout: toSeconds(template.losslessTimeoutMs),
  };
}

function toFlappingDocument(flapping: FlappingPolicy) {
  return {
    attempts: flapping.attempts,
    window: toSeconds(flapping.windowMs),
    retry_in: toSeconds(flapping.retryInMs),
    max_retry: flapping.maxRetries === Infinity ? retryForever : flapping.maxRetries,
  };
}

function toBackoffDocument(backoff: BackoffPolicy) {
  return {
    min: toSeconds(backoff.minMs),
    max: toSeconds(backoff.maxMs),
    factor: backoff.factor,
    jitter: backoff.jitter,
    reset_after: toSeconds(backoff.resetAfterMs),
  };
}
