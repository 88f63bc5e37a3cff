import { stderr, stdout } from "../../log/outlet.ts";

/** A reader that takes nothing does not keep gafferd from ending. */
const timeoutMs = 1000;

/** Settles when all that was printed and logged has been written, or after a second. */
export async function flushOutput(): Promise<void> {
  await Promise.race([Promise.all([stdout.flushed(), stderr.flushed()]), Bun.sleep(timeoutMs)]);
}
