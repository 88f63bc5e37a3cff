/** `URL PID READERS`: connects so many readers of events, and says `stalled` when each got something, to be stopped. */
const [url = "", pid, readers] = process.argv.slice(2);
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
        if (!bytes.toString("latin1", 0, 15).startsWith("HTTP/1.1 200 OK")) reject(new Error(bytes.toString()));
        connection.pause();
        resolve();
      },
      error: (_, error) => reject(error),
    },
  });
  socket.write(`GET /streams/${pid}/stdout?feed=eventsource HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await promise;
}
