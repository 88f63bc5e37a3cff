/** `URL PATH READERS`: opens READERS connections to the path, and prints `stalled` when each has received data. */
import { goodAnswer, requestOf } from "../socket-request.ts";

const [url = "", path = "", readers] = process.argv.slice(2);
const { hostname, port, host } = new URL(url);

await Promise.all(Array.from({ length: Number(readers) }, connect));
process.stdout.write("stalled\n");

async function connect(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(connection, bytes) {
        if (!goodAnswer.test(bytes.toString("latin1", 0, 100))) reject(new Error(bytes.toString()));
        connection.pause();
        resolve();
      },
      error: (_, error) => reject(error),
    },
  });
  socket.write(requestOf(path, host));
  await promise;
}
