import type { Server } from "bun";

/** Sets the idle timeout of the connection of a request, in seconds; 0 for none. */
export type IdleTimer = Pick<Server<unknown>, "timeout">;

let timer: IdleTimer | undefined;

/**
 * Returns the timer for requests on unix sockets. `timeout` of a server on a unix socket does nothing (Bun 1.4.5), but
 * `timeout` of a server on a port works for the requests of every server, even after it has stopped. Undefined if gafferd
 * cannot open a port, as under systemd's `RestrictAddressFamilies=AF_UNIX`.
 */
export function unixIdleTimer(): IdleTimer | undefined {
  try {
    timer ??= openAndStop();
  } catch {
    // The caller does without.
  }
  return timer;
}

function openAndStop(): IdleTimer {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(null) });
  void server.stop(true);
  return server;
}
