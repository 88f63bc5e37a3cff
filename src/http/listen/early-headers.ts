import type { Server, Socket } from "bun";
import { STATUS_CODES } from "node:http";
import type { Logger } from "../../log.ts";
import { lastChunk, pieceSourceOf, toChunk } from "./chunks.ts";
import type { Pieces, PieceSource } from "./connection.ts";
import { sendPieces, skipBytes } from "./send-pieces.ts";
import {
  closeDescriptor,
  duplicateDescriptor,
  enableKeepalive,
  openDescriptors,
  shutDown,
  socketAddress,
  unacknowledgedBytes,
} from "./socket-descriptors.ts";
import { findUnixConnection } from "./unix-connection.ts";

/**
 * Sends the headers of a stream before the first byte of its body.
 *
 * `Bun.serve` (1.4.5) holds back the blank line that ends the headers until the body has a byte, so a client that waits
 * for the headers waits for the output of the process. No return value of a `fetch` handler changes this
 * (oven-sh/bun#33660). `node:http` can send them early but handles about half as many requests per second. Bun's internal
 * hook below it, `onNodeHTTPRequest`, mixes up the responses on a pipelined connection, and Bun crashes when a client
 * pipelines requests to a listener that has the hook and `fetch` or `routes`.
 *
 * While Bun waits for the response of the `fetch` handler, it writes nothing to the connection. So this file writes the
 * response to a duplicate of the connection's file descriptor, and Bun never gets one. Such a response always closes the
 * connection and says so in its headers. When Bun sends headers early, delete this file and its use in `listener.ts`.
 */
export interface EarlyHeaders {
  /**
   * Sends `response`, a stream, as the answer to `request`, which must be Bun's own request and not a copy. `body` is what
   * the stream of `response` reads, if that can be taken directly: faster, since no stream stands in between. Returns
   * `response` if that is not possible, so that Bun sends it. Otherwise it resolves when the connection has closed; ignore
   * the value then.
   */
  send(request: Request, server: Receiver, response: Response, body?: PieceSource): Promise<Response>;
  /** Resolves when all streams that are open now have ended. */
  settled(): Promise<void>;
  /** Closes the connections of all streams. */
  close(): void;
}

type Receiver = Pick<Server<unknown>, "requestIP" | "port">;

/** Creates one for a listener. `path` is the path of a unix socket. Does nothing with TLS, which only Bun can write. */
export function createEarlyHeaders(options: { path?: string; isEncrypted: boolean; log: Logger }): EarlyHeaders {
  const { path, isEncrypted, log } = options;
  const open = new Map<Connection, Promise<void>>();
  let hasLogged = false;
  return {
    async send(request, server, response, body) {
      if (!(await isPossible(log)) || request.signal.aborted) return response;
      // Rejects if no descriptor is free.
      const connection = isEncrypted
        ? undefined
        : await Connection.duplicate(request, server, path).catch(() => undefined);
      if (connection === undefined) {
        const reason = isEncrypted
          ? "the endpoint has TLS"
          : "gafferd cannot identify the file descriptor of its connection";
        if (!hasLogged) log.info(`the headers of a stream arrive only with its first byte: ${reason}`);
        hasLogged = true;
        return response;
      }
      const sent = connection.send(response, body ?? pieceSourceOf(response)).finally(() => open.delete(connection));
      open.set(connection, sent);
      await sent;
      return new Response(null);
    },
    async settled() {
      await Promise.all(open.values());
    },
    close() {
      for (const connection of open.keys()) connection.close();
    },
  };
}

const crlf = "\r\n";
/** After this many bytes of all streams together, the event loop gets a turn: 3 ms at 1.4 GB/s. */
const turnBytes = 4 * 1024 * 1024;

/** A duplicate of the connection of a request that Bun has not answered yet. */
class Connection {
  readonly #fd: number;
  /** Bytes that were given to the kernel. */
  sentBytes = 0;
  #socket: Socket | undefined;
  #isOpen = true;
  #drained: (() => void) | undefined;
  readonly #closed = Promise.withResolvers<void>();

  /** Undefined if the descriptor cannot be identified or duplicated. */
  static async duplicate(request: Request, server: Receiver, path?: string): Promise<Connection | undefined> {
    const fd = path === undefined ? findTcp(server.requestIP(request)?.port, server.port) : findUnix(request, path);
    const copy = fd === undefined ? undefined : duplicateDescriptor(fd);
    if (copy === undefined) return undefined;
    const connection = new Connection(copy);
    try {
      await connection.#attach(request.signal);
      return connection;
    } catch {
      connection.#forget();
      closeDescriptor(copy);
      return undefined;
    }
  }

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Resolves when everything was sent or the client has disconnected. */
  async send(response: Response, body: PieceSource): Promise<void> {
    void this.#closed.promise.then(() => body.close());
    if (body.onConnected !== undefined) {
      enableKeepalive(this.#fd);
      body.onConnected(this);
    }
    // A stream that fails ends without its last chunk or byte, so the client sees that the response is incomplete.
    let isWhole = true;
    body.onAbort(() => {
      isWhole = false;
      this.close();
    });
    try {
      const isChunked = body.length === undefined;
      await this.#write([Buffer.from(headOf(response, body.length), "latin1")]);
      for (;;) {
        const taken = body.take();
        const pieces = taken instanceof Promise ? await taken : taken;
        if (pieces === undefined || !this.#isOpen) break;
        await this.#write(isChunked ? toChunk(pieces) : pieces);
      }
      if (isWhole && isChunked) await this.#write([lastChunk]);
    } finally {
      this.close();
    }
  }

  /** See `Arrival`. */
  pendingBytes(): number | undefined {
    return this.#isOpen ? unacknowledgedBytes(this.#fd) : undefined;
  }

  /** Shuts the connection down for Bun too, which then closes its own descriptor. */
  close(): void {
    if (!this.#isOpen) return;
    shutDown(this.#fd);
    this.#socket?.end();
    this.#forget();
  }

  async #attach(signal: AbortSignal): Promise<void> {
    this.#socket = await Bun.connect<undefined>({
      // The types have no `fd`.
      ...({ fd: this.#fd } as unknown as { unix: string }),
      socket: {
        open: (socket) => void socket.pause(),
        drain: () => this.#drained?.(),
        // Further requests on this connection are not answered.
        data() {},
        end: () => this.close(),
        close: () => this.#forget(),
        error: () => this.close(),
      },
    });
    // Bun reads from the connection too. It aborts when the client closes the connection or sends another request.
    signal.addEventListener("abort", () => this.#socket?.resume(), { once: true });
    if (signal.aborted) this.#socket.resume();
  }

  #forget(): void {
    this.#isOpen = false;
    this.#drained?.();
    this.#closed.resolve();
  }

  /** Resolves when the kernel has all bytes; their buffers may be reused then. */
  async #write(parts: Pieces): Promise<void> {
    let left = parts;
    while (this.#isOpen) {
      const sent = sendPieces(this.#fd, left);
      this.sentBytes += sent;
      left = skipBytes(left, sent);
      const turn = countSent(sent);
      if (turn !== undefined) await turn;
      const [first] = left;
      if (first === undefined) return;
      // Bun waits for the socket to become writable if it accepts less than all.
      const written = Math.max(0, this.#socket?.write(first) ?? 0);
      this.sentBytes += written;
      left = skipBytes(left, written);
      if (written < first.length) await new Promise<void>((resolve) => (this.#drained = resolve));
    }
  }
}

let bytesOfTurn = 0;
let nextTurn: Promise<void> | undefined;

/** Counts `bytes` that were sent. A promise when the event loop must get a turn before more are. */
function countSent(bytes: number): Promise<void> | undefined {
  bytesOfTurn += bytes;
  nextTurn ??= new Promise((resolve) =>
    setImmediate(() => {
      bytesOfTurn = 0;
      nextTurn = undefined;
      resolve();
    }),
  );
  return bytesOfTurn < turnBytes ? undefined : nextTurn;
}

const ownHeaders = ["connection", "content-length", "date", "transfer-encoding"];

function headOf({ status, headers }: Response, length: number | undefined): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${crlf}`;
  for (const [name, value] of headers) if (!ownHeaders.includes(name)) head += `${name}: ${value}${crlf}`;
  const framing = length === undefined ? "transfer-encoding: chunked" : `content-length: ${length}`;
  return `${head}date: ${new Date().toUTCString()}${crlf}connection: close${crlf}${framing}${crlf}${crlf}`;
}

/** The descriptor of the TCP connection between these ports. Undefined unless there is exactly one. */
function findTcp(clientPort: number | undefined, ownPort: number | undefined): number | undefined {
  if (clientPort === undefined || ownPort === undefined) return undefined;
  const found = openDescriptors().filter(
    (fd) => socketAddress("getpeername", fd) === `:${clientPort}` && socketAddress("getsockname", fd) === `:${ownPort}`,
  );
  return found.length === 1 ? found[0] : undefined;
}

/** The descriptor of the connection of `request` to this unix socket. Undefined if it cannot be identified. */
function findUnix(request: Request, path: string): number | undefined {
  const found = openDescriptors().filter(
    (fd) => socketAddress("getsockname", fd) === path && socketAddress("getpeername", fd) !== undefined,
  );
  return found.length === 1 ? found[0] : findUnixConnection(request, found);
}

const probeTimeoutMs = 5000;
let probed: Promise<boolean> | undefined;

/** Whether this works on this machine with this version of Bun. Tries it once, on a listener of its own; logs a failure. */
function isPossible(log: Logger): Promise<boolean> {
  return (probed ??= probe().then(
    () => true,
    (cause: unknown) => {
      log.warn(
        "the headers of a stream arrive only with its first byte: cannot send them earlier on this machine",
        cause,
      );
      return false;
    },
  ));
}

/** Rejects if the headers of a stream without output do not arrive. */
async function probe(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error("the headers did not arrive")), probeTimeoutMs);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, receiver) {
      const connection = await Connection.duplicate(request, receiver);
      if (connection === undefined) reject(new Error("the connection was not found"));
      const response = new Response(new ReadableStream());
      await connection?.send(response, pieceSourceOf(response));
      return new Response(null);
    },
    error: (error) => (reject(error), new Response(null)),
  });
  let received = "";
  try {
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port ?? 0,
      socket: {
        data(_, bytes) {
          received += bytes.toString("latin1");
          if (received.endsWith(crlf + crlf)) resolve();
        },
      },
    });
    client.write(`GET / HTTP/1.1${crlf}Host: localhost${crlf}${crlf}`);
    await promise.finally(() => client.end());
  } finally {
    clearTimeout(timer);
    void server.stop(true);
  }
}
