import { connect } from "node:net";

/** What came back on a connection before the server closed it. */
export interface RawAnswer {
  /** Undefined if nothing came back. */
  readonly status: number | undefined;
  readonly head: string;
  readonly body: Buffer;
  /** Whether the server closed the connection. */
  readonly isClosed: boolean;
}

const headEnd = "\r\n\r\n";
/** Keeps the answer to a stream that does not end. */
const maxBytes = 1024 * 1024;

/** Sends bytes on a connection of their own, and the end of the stream. Resolves when the server closes it, or after `maxMs`. */
export async function sendRaw(port: number, bytes: Uint8Array, maxMs: number): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (chunks.reduce((sum, { length }) => sum + length, 0) > maxBytes) resolve(false);
  });
  // A reset is an end too: the server closed the connection before it had read everything.
  socket.on("error", () => resolve(true));
  socket.on("close", () => resolve(true));
  const timer = setTimeout(() => resolve(false), maxMs);
  socket.write(bytes);
  const isClosed = await promise;
  clearTimeout(timer);
  socket.destroy();
  return { ...parse(Buffer.concat(chunks)), isClosed };
}

function parse(bytes: Buffer): Omit<RawAnswer, "isClosed"> {
  const at = bytes.indexOf(headEnd);
  const head = bytes.subarray(0, at < 0 ? bytes.length : at).toString("latin1");
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(head)?.[1];
  return {
    status: status === undefined ? undefined : Number(status),
    head,
    body: at < 0 ? Buffer.alloc(0) : bytes.subarray(at + headEnd.length),
  };
}
