import { ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { dontWait, lazyLibc, noSignal } from "../../libc.ts";
import type { Logger } from "../../log.ts";
import { type OpenSockets, openSockets } from "./backlog.ts";
import { closeDescriptor, isListening, socketName } from "./socket-descriptors.ts";

/** A listening socket. */
interface Listening {
  readonly fd: number;
  readonly isEncrypted: boolean;
  readonly log: Logger;
}

/** By the kernel's name, which tells whether a descriptor still belongs to the listener. */
const listening = new Map<string, Listening>();
let reserve: number | undefined;
let timer: Timer | undefined;

const relaxedMs = 500;
/** While the table is full. */
const busyMs = 20;
const mostAtOnce = 256;

/**
 * Refuses connections while no file descriptor is free. `Bun.serve` (1.4.5) cannot accept a connection then, and tries
 * again without a pause: it uses a whole CPU, and clients wait. So this file keeps a descriptor in reserve. It closes the
 * reserve, accepts each waiting connection, answers it with 503 and closes it.
 *
 * Covers the listeners that were opened after `before` was recorded, until they are closed.
 */
export function shedConnections(before: OpenSockets | undefined, options: Omit<Listening, "fd">): void {
  for (const [name, fd] of openSockets() ?? []) {
    if (before !== undefined && !before.has(name) && isListening(fd)) listening.set(name, { ...options, fd });
  }
  takeReserve();
  timer ??= setTimeout(tick, relaxedMs).unref();
}

function tick(): void {
  const isFull = !hasFreeDescriptor();
  for (const [name, { fd }] of listening) if (socketName(fd) !== name) listening.delete(name);
  if (isFull) shed();
  else takeReserve();
  timer = listening.size === 0 ? undefined : setTimeout(tick, isFull ? busyMs : relaxedMs).unref();
  if (timer === undefined) dropReserve();
}

function shed(): void {
  dropReserve();
  for (const { fd, isEncrypted, log } of listening.values()) {
    let refused = 0;
    while (refused < mostAtOnce && refuseOne(fd, isEncrypted)) refused += 1;
    if (refused > 0) logRefused(refused, log);
  }
  takeReserve();
}

function takeReserve(): void {
  try {
    reserve ??= openSync("/dev/null", "r");
  } catch {
    // Another part of gafferd was faster. The next tick tries again.
  }
}

function dropReserve(): void {
  if (reserve !== undefined) closeSync(reserve);
  reserve = undefined;
}

function hasFreeDescriptor(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "EMFILE" && code !== "ENFILE";
  }
}

const message =
  "no file descriptor is free for another connection; close other connections or raise the limit of open files (`ulimit -n`)";
const body = JSON.stringify({ error: "overloaded", message });
const answer = Buffer.from(
  "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json;charset=utf-8\r\nretry-after: 1\r\n" +
    `connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
);
const received = Buffer.alloc(16 * 1024);

/** SOCK_NONBLOCK and SOCK_CLOEXEC; SHUT_WR. */
const nonBlockingCloseOnExec = 0x80800;
const sending = 1;

/** Returns false if no connection waits. */
function refuseOne(listener: number, isEncrypted: boolean): boolean {
  const fd = libc().accept4(listener, null, null, nonBlockingCloseOnExec);
  if (fd < 0) return false;
  if (!isEncrypted) {
    libc().send(fd, ptr(answer), BigInt(answer.length), dontWait | noSignal);
    libc().shutdown(fd, sending);
    // The kernel resets a connection that is closed with unread bytes, and the client may lose the answer.
    libc().recv(fd, ptr(received), BigInt(received.length), dontWait);
  }
  closeDescriptor(fd);
  return true;
}

const logEveryMs = 10_000;
let loggedAtMs = -Infinity;
let unlogged = 0;

function logRefused(count: number, log: Logger): void {
  unlogged += count;
  if (performance.now() - loggedAtMs < logEveryMs) return;
  log.warn(`refused ${unlogged} ${unlogged === 1 ? "connection" : "connections"}: ${message}`);
  loggedAtMs = performance.now();
  unlogged = 0;
}

const libc = lazyLibc({
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
});
