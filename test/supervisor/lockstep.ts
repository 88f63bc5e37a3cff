import type { SupervisedProcess } from "../../src/supervisor/supervised-process.ts";
import { waitFor } from "../wait-for.ts";

/** Output of one label that arrives within 10 ms counts as one arrival. */
const apartMs = 15;

/**
 * Steps a process that reads a line of stdin after each write. Each step waits until the last write is in the ring, so that
 * no two writes arrive together on a busy machine.
 */
export async function lockstep(process: SupervisedProcess, times: number): Promise<void> {
  const rings = [...process.rings.values()];
  const heldBytes = () => rings.reduce((sum, { head }) => sum + head, 0);
  const isApart = () => rings.every(({ head, lastWriteMs }) => head === 0 || performance.now() - lastWriteMs > apartMs);
  for (let step = 0, before = 0; step < times; step++) {
    await waitFor(() => heldBytes() > before && isApart(), `output ${step + 1} of process ${process.id}`);
    before = heldBytes();
    await process.stdin?.write(Buffer.from("\n"), { timeoutMs: 10_000 });
  }
}
