import { ptr } from "bun:ffi";
import { dontWait, lazyLibc, noSignal } from "../../libc.ts";

/** What a service manager is told; see sd_notify(3). */
export interface ServiceManager {
  /** gafferd listens. From now on it also says that it is alive, if the service manager wants to know. */
  ready(): void;
  stopping(): void;
}

const libc = lazyLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
});
const [unix, datagram, closeOnExec, nonBlocking] = [1, 2, 0o2000000, 0o4000];

/**
 * The service manager that started gafferd (systemd with `Type=notify`); undefined if there is none. Call it before any
 * process is spawned: it removes the variables of the protocol from the environment.
 */
export function takeServiceManager(environment: NodeJS.ProcessEnv = process.env): ServiceManager | undefined {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: interval, WATCHDOG_PID: watched } = environment;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete environment[name];
  if (process.platform !== "linux" || path === undefined || !/^[/@]/.test(path)) return undefined;
  const isWatched = watched === undefined || watched === String(process.pid);
  const intervalMs = isWatched && /^\d+$/.test(interval ?? "") ? Number(interval) / 1000 : 0;
  return {
    ready() {
      send(path, "READY=1");
      if (intervalMs > 0) setInterval(() => send(path, "WATCHDOG=1"), intervalMs / 2).unref();
    },
    stopping: () => send(path, "STOPPING=1"),
  };
}

/** Sends a datagram. A service manager that does not take it is not waited for. */
function send(path: string, text: string): void {
  const { socket, sendto, close } = libc();
  const fd = socket(unix, datagram | closeOnExec | nonBlocking, 0);
  if (fd === -1) return;
  // struct sockaddr_un. `@` stands for the NUL of an abstract name.
  const name = Buffer.from(path.replace(/^@/, "\0"));
  const address = Buffer.concat([Buffer.from(new Uint16Array([unix]).buffer), name]);
  const message = Buffer.from(text);
  sendto(fd, ptr(message), message.length, noSignal | dontWait, ptr(address), address.length);
  close(fd);
}
