import { ptr } from "bun:ffi";
import { readdirSync, readlinkSync } from "node:fs";
import { lazyLibc } from "../../libc.ts";

/** The open file descriptors of gafferd. Throws if there is no /proc. */
export function openDescriptors(): number[] {
  return readdirSync("/proc/self/fd").map(Number);
}

/** `socket:[4711]`: the kernel's name of a socket, the same for all its descriptors. Undefined if `fd` is not a socket. */
export function socketName(fd: number): string | undefined {
  try {
    const name = readlinkSync(`/proc/self/fd/${fd}`);
    return name.startsWith("socket:") ? name : undefined;
  } catch {
    // Closed since the directory was listed; the descriptor of the directory itself always is.
    return undefined;
  }
}

/** Address families of Linux: the first field of `struct sockaddr`; see unix(7), ip(7) and ipv6(7). */
const families = { unix: 1, ip: 2, ipv6: 10 } as const;
const address = new DataView(new ArrayBuffer(128));
const addressLength = new Int32Array(1);

/** `:5000`, or the path of a unix socket (empty for a client). Undefined if `fd` is not a connected socket. */
export function socketAddress(side: "getpeername" | "getsockname", fd: number): string | undefined {
  addressLength[0] = address.byteLength;
  if (libc()[side](fd, ptr(address), ptr(addressLength)) !== 0) return undefined;
  const family = address.getUint16(0, true);
  if (family === families.ip || family === families.ipv6) return `:${address.getUint16(2)}`;
  if (family !== families.unix) return undefined;
  const path = Buffer.from(address.buffer, 2, Math.max(0, (addressLength[0] ?? 0) - 2));
  return path.toString("utf8").replace(/\0$/, "");
}

const libc = lazyLibc({
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
});
