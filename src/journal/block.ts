import { type BlockMeta, parseBlockMeta } from "./block-meta.ts";

/** A block on disk: 24 bytes of header, a description as JSON, and the bytes of its outputs, one after the other. */
export interface Block {
  readonly meta: BlockMeta;
  readonly data: Buffer;
}

/** `GJB1`, 4 unused bytes, the checksum of what follows (8 bytes), the length of the description, the length of the data. */
export const headerBytes = 24;
const checksummedFrom = 16;
/** The beginning of every block. */
export const magic = Buffer.from("GJB1\0\0\0\0");
/** A larger length is damage. */
export const maxBlockBytes = 32 * 1024 * 1024;

/** The most data that a writer puts in one block. */
export const maxDataBytes = 1024 * 1024;

export interface EncodedBlock {
  /** The description, as JSON. */
  readonly text: string;
  readonly dataLength: number;
  /** Writes the data at the offset that it is given. */
  readonly fill: (target: Buffer, at: number) => void;
  readonly seed: bigint;
}

/** The length of a block. */
export function encodedLength({ text, dataLength }: Pick<EncodedBlock, "text" | "dataLength">): number {
  return headerBytes + Buffer.byteLength(text) + dataLength;
}

/** Writes a block to `target`, which has exactly its length. */
export function encodeBlock(target: Buffer, { text, dataLength, fill, seed }: EncodedBlock): void {
  const dataFrom = target.length - dataLength;
  magic.copy(target);
  target.writeUInt32LE(dataFrom - headerBytes, 16);
  target.writeUInt32LE(dataLength, 20);
  target.write(text, headerBytes, "utf8");
  fill(target, dataFrom);
  target.writeBigUInt64LE(checksumOf(target.subarray(checksummedFrom), seed), 8);
}

/** The length of the block at `at`; undefined if no block begins there. There must be `headerBytes` bytes. */
export function blockLength(bytes: Buffer, at: number): number | undefined {
  if (bytes.compare(magic, 0, magic.length, at, at + magic.length) !== 0) return undefined;
  const length = headerBytes + bytes.readUInt32LE(at + 16) + bytes.readUInt32LE(at + 20);
  return length <= maxBlockBytes ? length : undefined;
}

/** The block in `bytes`, which has exactly its length; undefined if it is damaged. The data is a view of `bytes`. */
export function decodeBlock(bytes: Buffer, seed: bigint): Block | undefined {
  if (checksumOf(bytes.subarray(checksummedFrom), seed) !== bytes.readBigUInt64LE(8)) return undefined;
  const dataFrom = headerBytes + bytes.readUInt32LE(16);
  const data = bytes.subarray(dataFrom);
  const meta = parseBlockMeta(bytes.toString("utf8", headerBytes, dataFrom), data.length);
  return meta && { meta, data };
}

function checksumOf(bytes: Buffer, seed: bigint): bigint {
  return Bun.hash.xxHash3(bytes, seed);
}
