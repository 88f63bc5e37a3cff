import { createServer, connect, type Socket } from "node:net";

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** How many connections it has cut. */
  readonly cuts: number;
}

/**
 * A TCP proxy before the server at `url`. It cuts each of the first `maxCuts` connections at a random place within
 * `spanBytes` of what the client sends or receives.
 */
export async function startCuttingProxy(url: string, maxCuts: number, spanBytes: number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(url);
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let leftBytes = Math.random() * spanBytes;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on("end", () => to.end());
      from.on("data", (chunk: Buffer) => {
        const isCut = cuts < maxCuts && chunk.length > leftBytes;
        leftBytes -= chunk.length;
        const part = isCut ? chunk.subarray(0, Math.max(0, Math.floor(leftBytes + chunk.length))) : chunk;
        const isFull = !to.write(part);
        if (isCut) {
          cuts += 1;
          // What was forwarded arrives before the end of the connection.
          client.destroy();
          upstream.destroySoon();
        } else if (isFull) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
