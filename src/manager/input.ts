import { GafferdError } from "../errors.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** So much goes in at once at most; nothing of another writer comes between. */
export const inputUnitBytes = 64 * 1024;

type Stdin = NonNullable<SupervisedProcess["stdin"]>;

/**
 * The stdin of a process that takes input. Throws `forbidden_write` when its template has no `redirect_input`, `gone`
 * when it has ended or closed its stdin.
 */
export function inputOf({ id, stdin, exit, template }: SupervisedProcess): Stdin {
  if (!template.redirectInput) {
    const advice = `set \`redirect_input = true\` in \`${template.name}\``;
    throw new GafferdError("forbidden_write", `process ${id} takes no input; ${advice}`);
  }
  if (stdin !== undefined && !stdin.closed) return stdin;
  const reason = exit === undefined ? "has closed its stdin" : "has ended";
  throw new GafferdError("gone", `cannot write to process ${id}: it ${reason}`, { details: { bytes: 0 } });
}

/**
 * Writes units of at most 64 KiB, one after the other, and resolves to the sum of their lengths when the last byte is in
 * the pipe. Throws as `inputOf` does, and `overloaded` when the process reads nothing for its `stdin_timeout`; in
 * `details.bytes` is how many bytes of all units were taken.
 */
export async function writeInput(
  process: SupervisedProcess,
  units: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const stdin = inputOf(process);
  let written = 0;
  for await (const unit of units) {
    try {
      written += await stdin.write(unit, { timeoutMs: process.template.stdinTimeoutMs });
    } catch (error) {
      throw withBytes(error, written);
    }
  }
  return written;
}

/** These bytes, cut into units. */
export function* inputUnits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += inputUnitBytes) yield bytes.subarray(from, from + inputUnitBytes);
}

function withBytes(error: unknown, writtenBefore: number): unknown {
  if (!(error instanceof GafferdError)) return error;
  const taken = Number(error.details?.["bytes"] ?? 0);
  const details = { ...error.details, bytes: writtenBefore + taken };
  return new GafferdError(error.code, error.message, { details, cause: error });
}
