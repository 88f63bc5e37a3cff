import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cut {
  /** The number of response bytes to forward. */
  readonly afterBytes: number;
  /** Reset the connection, as when a machine crashes; false: close it, as when a proxy stops. */
  readonly reset: boolean;
}

/** A TCP proxy between clients and a daemon that cuts connections. */
export interface Cutter extends AsyncDisposable {
  readonly url: string;
  /** Number of connections accepted. */
  readonly connections: number;
  /** Number of connections cut according to `cuts`. */
  readonly cutCount: number;
  /** The URL to forward to. Undefined to close new connections. */
  upstream: string | undefined;
  /** Cuts all open connections. */
  cutAll(): void;
}

/** Each new connection uses the next of `cuts`. When none is left, connections are not cut. */
export async function startCutter(upstream: string, cuts: readonly Cut[] = []): Promise<Cutter> {
  const remaining = [...cuts];
  const sockets = new Set<Socket>();
  let connections = 0;
  let cutCount = 0;

  const server = createServer((client) => {
    connections += 1;
    if (cutter.upstream === undefined) return client.destroy();
    const { hostname, port } = new URL(cutter.upstream);
    const daemon = connect(Number(port), hostname);
    const cut = remaining.shift();
    let passed = 0;
    for (const socket of [client, daemon]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        daemon.destroy();
      });
    }
    client.pipe(daemon);
    daemon.on("data", (bytes: Buffer) => {
      if (client.destroyed || client.writableEnded) return;
      const room = cut === undefined ? bytes.length : cut.afterBytes - passed;
      passed += bytes.length;
      if (room >= bytes.length) return void client.write(bytes);
      cutCount += 1;
      client.write(bytes.subarray(0, room), () => {
        if (cut?.reset) client.resetAndDestroy();
        else client.end();
      });
      daemon.destroy();
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const cutter: Cutter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upstream,
    get connections() {
      return connections;
    },
    get cutCount() {
      return cutCount;
    },
    cutAll() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      this.cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return cutter;
}
