import { ptr } from "bun:ffi";
import { readFileSync, readlinkSync } from "node:fs";
import { lazyLibc } from "../../libc.ts";
import { unixIdleTimer } from "./idle-timer.ts";
import { openDescriptors } from "./socket-descriptors.ts";

/**
 * Returns the one of `descriptors` that is the connection of `request`, which came over a unix socket. Bun (1.4.5) does
 * not tell, and clients of a unix socket have no address. So this changes the idle timeout of the request and looks which
 * connection has another timeout now: epoll lists the address of Bun's record of each connection (proc_pid_fdinfo(5)),
 * and process_vm_readv(2) copies what is there. It reads memory and writes none.
 *
 * Undefined unless exactly one record has changed. Leaves the request without an idle timeout.
 */
export function findUnixConnection(request: Request, descriptors: readonly number[]): number | undefined {
  const timer = unixIdleTimer();
  if (timer === undefined) return undefined;
  try {
    const wanted = new Set(descriptors);
    const records = listRecords().filter(({ fd }) => wanted.has(fd));
    timer.timeout(request, someTimeoutSeconds);
    const before = readRecords(records);
    timer.timeout(request, 0);
    const after = readRecords(records);
    const changed = records.filter((_, at) => !recordOf(before, at).equals(recordOf(after, at)));
    return changed.length === 1 ? changed[0]?.fd : undefined;
  } catch {
    // No /proc, no libc, or no free descriptor to read the list with.
    return undefined;
  }
}

/** Any value but 0. */
const someTimeoutSeconds = 240;

/** Bun's record of a connection. */
interface ConnectionRecord {
  readonly fd: number;
  readonly address: bigint;
}

let eventPolls: readonly number[] | undefined;

function listRecords(): ConnectionRecord[] {
  // Bun opens those of its event loop when it starts and keeps them.
  eventPolls ??= openDescriptors().filter(isEventPoll);
  return eventPolls.flatMap((eventPoll) => {
    const list = readFileSync(`/proc/self/fdinfo/${eventPoll}`, "utf8");
    const found = list.matchAll(/^tfd:\s*(?<fd>\d+) events:\s*[\da-f]+ data:\s*(?<address>[\da-f]+)/gm);
    return Array.from(found, ({ groups }) => ({
      fd: Number(groups?.["fd"]),
      address: BigInt(`0x${groups?.["address"]}`),
    }));
  });
}

function isEventPoll(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventpoll]";
  } catch {
    // Closed since the directory was listed.
    return false;
  }
}

/** Enough to include the timeout, which is at offset 16 in Bun 1.4.5. */
const recordBytes = 64;
/** IOV_MAX on Linux; see readv(2). */
const maxVectors = 1024;

/** The first bytes of all records. Zeros from the first that cannot be read. */
function readRecords(records: readonly ConnectionRecord[]): Buffer {
  const copy = Buffer.alloc(records.length * recordBytes);
  for (let start = 0; start < records.length; start += maxVectors) {
    const some = records.slice(start, start + maxVectors);
    // `struct iovec[]`: an address and a length each.
    const remote = BigUint64Array.from(some.flatMap(({ address }) => [address, BigInt(recordBytes)]));
    const local = new BigUint64Array([BigInt(ptr(copy, start * recordBytes)), BigInt(some.length * recordBytes)]);
    libc().process_vm_readv(process.pid, ptr(local), 1n, ptr(remote), BigInt(some.length), 0n);
  }
  return copy;
}

function recordOf(copy: Buffer, at: number): Buffer {
  return copy.subarray(at * recordBytes, (at + 1) * recordBytes);
}

const libc = lazyLibc({
  process_vm_readv: { args: ["i32", "ptr", "u64", "ptr", "u64", "u64"], returns: "i64" },
});
