import { randomBytes } from "node:crypto";
import { GafferdError } from "../../errors.ts";
import type { OutputStart, StreamPosition } from "../../reading/output-start.ts";

/** Tells the ids of this run of the daemon from those of an earlier one, whose processes had the same numbers. */
export const runId = `r${BigInt(`0x${randomBytes(6).toString("hex")}`).toString(36)}`;

const idPattern = /^r[0-9a-z]+\.[0-9a-z]+(\.[0-9a-z]+(-[0-9a-z]+)*)*$/;

/** Whether a `since` is meant as an id, well-formed or not, rather than as a time. */
export function looksLikeStreamId(text: string): boolean {
  return text.startsWith("r");
}

/** `r5k2x.2.1-2s-0.2-0-0`: the run, the newest process, and for each that was not read to its exit the positions. */
export function formatStreamId({ newestId, processes }: StreamPosition): string {
  let id = `${runId}.${newestId.toString(36)}`;
  for (const process of processes) {
    id += `.${process.id.toString(36)}`;
    for (const position of process.positions) id += `-${position.toString(36)}`;
  }
  return id;
}

/** Throws `bad_value` for what this program never sent. */
export function parseStreamId(id: string): OutputStart {
  if (!idPattern.test(id)) {
    throw new GafferdError("bad_value", `\`${id.slice(0, 80)}\` is not an id; pass one exactly as a stream sent it`, {
      field: "since",
    });
  }
  const [run, newestId = "", ...processes] = id.split(".");
  if (run !== runId) return { kind: "restart" };
  return {
    kind: "resume",
    position: {
      newestId: Number.parseInt(newestId, 36),
      processes: processes.map((process) => {
        const [processId = "", ...positions] = process.split("-");
        return { id: Number.parseInt(processId, 36), positions: positions.map((each) => Number.parseInt(each, 36)) };
      }),
    },
  };
}
