/**
 * `URL PATH MS`: reads the path over a raw socket as fast as it can, and prints the bytes per second during MS, after a
 * warm-up. A raw socket is not a bottleneck, and is the same for HTTP and WebSocket: frames and chunks add 10 bytes to
 * 64 KiB.
 */
import { goodAnswer, requestOf } from "../socket-request.ts";

const [url = "", path = "", durationMs] = process.argv.slice(2);
const { hostname, port, host } = new URL(url);
const warmUpMs = 500;

let bytesRead = 0;
const socket = await Bun.connect({
  hostname,
  port: Number(port),
  socket: {
    data(_, bytes) {
      if (bytesRead === 0 && !goodAnswer.test(bytes.toString("latin1", 0, 100))) throw new Error(bytes.toString());
      bytesRead += bytes.length;
    },
    close() {
      throw new Error(`${path} has ended after ${bytesRead} bytes`);
    },
  },
});
socket.write(requestOf(path, host));
await Bun.sleep(warmUpMs);
const [startedMs, bytesBefore] = [performance.now(), bytesRead];
await Bun.sleep(Number(durationMs));
process.stdout.write(JSON.stringify(((bytesRead - bytesBefore) / (performance.now() - startedMs)) * 1000));
process.exit(0);
