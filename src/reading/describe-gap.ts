import { type OutputGap, sizeOfGap } from "./output-source.ts";

/** `4096 bytes of stdout of web[1]`: the bytes that a reader of the template `name` has lost. */
export function describeGap(name: string, gap: OutputGap): string {
  const { processId, label } = gap;
  const bytes = sizeOfGap(gap);
  const size = bytes === undefined ? "an unknown number of bytes" : bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const process = processId === undefined ? name : `${name}[${processId}]`;
  return label === undefined ? `${size} of ${process}` : `${size} of ${label} of ${process}`;
}
