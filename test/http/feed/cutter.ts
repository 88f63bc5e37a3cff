import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cut {
  /** So many bytes of the answer come through. */
  readonly afterBytes: number;
  /** With a reset, as when a machine goes; else with an end, as when a proxy does. */
  readonly reset: boolean;
}

/** Stands between clients and a daemon, and cuts their connections. */
export interface Cutter extends AsyncDisposable {
  readonly url: string;
  /** How many connections came in. */
  readonly connections: number;
  /** How many were cut as `cuts` said. */
  readonly cutCount: number;
  /** Where to connect to; undefined: whoever comes is turned away. */
  upstream: string | undefined;
  /** Cuts all connections there are. */
  cutAll(): void;
}

/** Each connection that comes in takes one of `cuts`; when none is left, connections last. */
export async function startCutter(upstream: string, cuts: readonly Cut[] = []): Promise<Cutter> {
  const left = [...cuts];
  const sockets = new Set<Socket>();
  let connections = 0;
  let cutCount = 0;

  const server = createServer((client) => {
    connections += 1;
    if (cutter.upstream === undefined) return client.destroy();
    const { hostname, port } = new URL(cutter.upstream);
    const daemon = connect(Number(port), hostname);
    const cut = left.shift();
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
