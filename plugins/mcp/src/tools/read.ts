import { z } from "zod";
import { maxBytes, since, target } from "../arguments.ts";
import { type OutputPiece, readHeld } from "../held-output.ts";
import { OutputText } from "../render-output.ts";
import { defineTool } from "../tool.ts";

export const read = defineTool({
  name: "read",
  description:
    "Read output that gafferd holds, also of a process that has ended: head and tail. Pass next as since to read only what is new.",
  isReadOnly: true,
  input: {
    target,
    output: z.string().optional().describe("stdout or stderr; default: both"),
    since,
    tail: z.number().int().min(0).optional().describe("only so many last lines"),
    max_bytes: maxBytes,
  },
  async call({ target: text, output: label, since: from, tail, max_bytes: most }, { api, signal }) {
    const output = new OutputText(most);
    const take = (piece: OutputPiece) => output.add(piece);
    const next = await readHeld(api, { target: text, label, since: from, tail }, { signal }, take);
    return `[${output.bytes} bytes${next === undefined ? "" : `; next ${next}`}]\n${output.toString()}`;
  },
});
