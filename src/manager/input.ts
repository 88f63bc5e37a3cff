import { GafferdError } from "../errors.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** Writes up to this size are atomic: input of other writers is not mixed with them. */
export const inputUnitBytes = 64 * 1024;

type Stdin = NonNullable<SupervisedProcess["stdin"]>;

/**
 * The stdin of a process. Throws `forbidden_write` if its template has no `redirect_input`, and `gone` if it has ended or
 * closed its stdin.
 */
export function inputOf({ id, stdin, exit, template }: SupervisedProcess): Stdin {
  if (!template.redirectInput) {
    const advice = `set \`redirect_input = true\` in \`${template.name}\``;
    throw new GafferdError("forbidden_write", `cannot write to process ${id}: it takes no input; ${advice}`);
  }
  if (stdin !== undefined && !stdin.closed) return stdin;
  const reason = exit === undefined ? "has closed its stdin" : "has ended";
  throw new GafferdError("gone", `cannot write to process ${id}: it ${reason}`, { details: { bytes: 0 } });
}

/**
 * Writes units of at most 64 KiB, one after the other. Resolves to the total number of bytes when the last one is in the
 * pipe. Throws the errors of `inputOf`, and `overloaded` if the process reads nothing for its `stdin_timeout`. The error's
 * `details.bytes` is how many bytes were written.
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

/** Splits bytes into units. */
export function* inputUnits(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += inputUnitBytes) yield bytes.subarray(from, from + inputUnitBytes);
}

function withBytes(error: unknown, writtenBefore: number): unknown {
  if (!(error instanceof GafferdError)) return error;
  const written = Number(error.details?.["bytes"] ?? 0);
  const details = { ...error.details, bytes: writtenBefore + written };
  return new GafferdError(error.code, error.message, { details, cause: error });
}
