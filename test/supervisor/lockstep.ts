import type { SupervisedProcess } from "../../src/supervisor/supervised-process.ts";
import { waitFor } from "../wait-for.ts";

/** What arrives within 10 ms of one label counts as one arrival. */
const apartMs = 15;

/**
 * Lets a process that reads a line after each of its outputs go on so many times, each time when what it wrote is held:
 * then no two outputs arrive together, however busy the machine is.
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
