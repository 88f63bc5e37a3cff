import { ptr } from "bun:ffi";
import { dontWait, lazyLibc, noSignal } from "../../libc.ts";
import type { Pieces } from "./connection.ts";

/** The kernel accepts 1024 (IOV_MAX). */
const maxPieces = 256;

/** `struct iovec[]`: an address and a length each; see sendmsg(2). */
const vectors = new BigUint64Array(2 * maxPieces);
/** `struct msghdr`: the name, its length, the vectors, their number, control data, its length, flags. */
const message = new BigUint64Array(7);

/**
 * Sends pieces to a socket with one system call, without copying them first and without waiting. Returns how many bytes
 * the kernel took: 0 if it takes none now, or if the connection has failed.
 */
export function sendPieces(fd: number, pieces: Pieces): number {
  const count = Math.min(pieces.length, maxPieces);
  for (let at = 0; at < count; at++) {
    const piece = pieces[at] as Uint8Array;
    vectors[2 * at] = BigInt(ptr(piece));
    vectors[2 * at + 1] = BigInt(piece.length);
  }
  message[2] = BigInt(ptr(vectors));
  message[3] = BigInt(count);
  return Math.max(0, libc().sendmsg(fd, ptr(message), dontWait | noSignal));
}

/** What is left of `pieces` after the first `bytes`. */
export function skipBytes(pieces: Pieces, bytes: number): Pieces {
  let left = bytes;
  for (const [at, piece] of pieces.entries()) {
    if (left < piece.length) return left === 0 ? pieces.slice(at) : [piece.subarray(left), ...pieces.slice(at + 1)];
    left -= piece.length;
  }
  return [];
}

const libc = lazyLibc({
  // The result is a `ssize_t`, but a batch has less than 2 GiB.
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i32" },
});
