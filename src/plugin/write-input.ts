import { GafferdError } from "../errors.ts";
import type { SupervisedProcess } from "../manager/views.ts";

/** So much goes in at once at most; nothing of another writer comes between. */
const unitBytes = 64 * 1024;

/** Writes to a process's stdin. Throws `forbidden_write`, `gone` or `overloaded`. */
export async function writeInput(process: SupervisedProcess, input: string | Uint8Array): Promise<void> {
  const { id, stdin, template } = process;
  if (stdin === undefined) {
    const advice = `give \`${template.name}\` \`redirect_input\``;
    throw new GafferdError("forbidden_write", `process ${id} takes no input; ${advice}`);
  }
  if (stdin.closed) throw new GafferdError("gone", `cannot write to process ${id}: it has ended or closed its stdin`);
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  for (let from = 0; from < bytes.length; from += unitBytes) {
    await stdin.write(bytes.subarray(from, from + unitBytes), { timeoutMs: template.stdinTimeoutMs });
  }
}
