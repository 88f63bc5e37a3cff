import { stderr, stdout } from "../../log/outlet.ts";

/** A reader that does not read must not keep gafferd from exiting. */
const timeoutMs = 1000;

/** Resolves when all output has been written, at the latest after a second. */
export async function flushOutput(): Promise<void> {
  await Promise.race([Promise.all([stdout.flushed(), stderr.flushed()]), Bun.sleep(timeoutMs)]);
}
