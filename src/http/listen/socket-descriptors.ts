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

/** SOL_SOCKET and SO_ACCEPTCONN on Linux; see socket(7). */
const solSocket = 1;
const soAcceptConn = 30;

/** Whether a socket accepts connections. */
export function isListening(fd: number): boolean {
  const value = new Int32Array(1);
  const length = new Int32Array([value.byteLength]);
  return libc().getsockopt(fd, solSocket, soAcceptConn, ptr(value), ptr(length)) === 0 && value[0] === 1;
}

/** SO_KEEPALIVE, IPPROTO_TCP, TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT on Linux; see socket(7) and tcp(7). */
const soKeepalive = 9;
const ipProtoTcp = 6;
const [tcpKeepIdle, tcpKeepInterval, tcpKeepCount] = [4, 5, 6];
/** A machine that is gone is noticed after 15 s and 3 probes, 5 s apart. Longer without this: never. */
const keepalive = [
  [solSocket, soKeepalive, 1],
  [ipProtoTcp, tcpKeepIdle, 15],
  [ipProtoTcp, tcpKeepInterval, 5],
  [ipProtoTcp, tcpKeepCount, 3],
] as const;

/** Makes the kernel close a TCP connection whose client is gone. Does nothing for a unix socket. */
export function enableKeepalive(fd: number): void {
  for (const [level, option, value] of keepalive) {
    const word = new Int32Array([value]);
    libc().setsockopt(fd, level, option, ptr(word), word.byteLength);
  }
}

/** SIOCOUTQ on Linux; see tcp(7) and unix(7). */
const siocOutq = 0x5411n;
const queued = new Int32Array(1);

/**
 * How many bytes the other side has not acknowledged (TCP) or not read (unix sockets, with the kernel's own overhead).
 * Undefined if the kernel does not say.
 */
export function unacknowledgedBytes(fd: number): number | undefined {
  return libc().ioctl(fd, siocOutq, ptr(queued)) === 0 ? queued[0] : undefined;
}

/** Calls `listen(2)`. Returns whether it succeeded. */
export function listenOn(fd: number, backlog: number): boolean {
  return libc().listen(fd, backlog) === 0;
}

/** F_DUPFD_CLOEXEC and SHUT_RDWR on Linux; see fcntl(2) and shutdown(2). */
const duplicateAndCloseOnExec = 1030;
const bothWays = 2;

/** Duplicates a descriptor, with close-on-exec. Undefined if that fails. The caller must close the duplicate. */
export function duplicateDescriptor(fd: number): number | undefined {
  const copy = libc().fcntl(fd, duplicateAndCloseOnExec, 0);
  return copy < 0 ? undefined : copy;
}

/** Shuts a connection down in both directions, for all its descriptors. */
export function shutDown(fd: number): void {
  libc().shutdown(fd, bothWays);
}

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

const libc = lazyLibc({
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});
