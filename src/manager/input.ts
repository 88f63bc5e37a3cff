import { GafferdError } from "../errors.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** Writes up to this size are atomic: input of other writers is not mixed with them. */
export const inputUnitBytes = 64 * 1024;

type Stdin = NonNullable<SupervisedProcess["stdin"]>;

/**
 * The stdin of a process, open or closed. Throws `forbidden_write` if its template has no `redirect_input`.
 */
export function stdinOf({ id, stdin, template }: SupervisedProcess): Stdin {
  if (stdin !== undefined) return stdin;
  const advice = `set \`redirect_input = true\` in \`${template.name}\``;
  throw new GafferdError("forbidden_write", `cannot write to process ${id}: it takes no input; ${advice}`);
}

/** The open stdin of a process. Throws what `stdinOf` throws, and `gone` if it has ended or closed its stdin. */
export function inputOf(process: SupervisedProcess): Stdin {
  const stdin = stdinOf(process);
  if (!stdin.closed) return stdin;
  const { id, exit } = process;
  const reason = exit === undefined ? "has closed its stdin" : "has ended";
  throw new GafferdError("gone", `cannot write to process ${id}: it ${reason}`, { details: { bytes: 0 } });
}

/**
 * Writes units of at most 64 KiB, one after the other. Resolves to the total number of bytes when the last one is in the
 * pipe. With `offset`, the first byte belongs at that position, and bytes that were accepted before are skipped and not
 * counted. Throws the errors of `inputOf` and of `Stdin.write`. The error's `details.bytes` is how many bytes were written.
 */
export async function writeInput(
  process: SupervisedProcess,
  units: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  offset?: number,
): Promise<number> {
  // With an offset, all of it may have been accepted before stdin was closed.
  const stdin = offset === undefined ? inputOf(process) : stdinOf(process);
  const { stdinTimeoutMs: timeoutMs } = process.template;
  let written = 0;
  let passed = 0;
  for await (const unit of units) {
    const place = offset === undefined ? {} : { place: { offset: offset + passed, isContinued: passed > 0 } };
    try {
      written += await stdin.write(unit, { timeoutMs, ...place });
      passed += unit.length;
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
  const { code, message, field } = error;
  const written = Number(error.details?.["bytes"] ?? 0);
  const details = { ...error.details, bytes: writtenBefore + written };
  return new GafferdError(code, message, { ...(field !== undefined && { field }), details, cause: error });
}
