import { ptr } from "bun:ffi";
import type { Server, Socket } from "bun";
import { readdirSync, readlinkSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { loadLibc } from "../../libc.ts";
import type { Logger } from "../../log.ts";

/**
 * Sends the headers of a stream before the first byte of its body.
 *
 * `Bun.serve` (1.4.5) holds back the blank line that ends the headers until the body has a byte, so that a client that
 * waits for the headers waits for the process. Nothing that a `fetch` handler can return changes this
 * (oven-sh/bun#33660). `node:http` could do it, for less than half of the requests a second; Bun's own hook below it,
 * `onNodeHTTPRequest`, takes WebSockets away from the listener and mixes up answers of a pipelined connection.
 *
 * But as long as Bun waits for our answer it writes nothing to the connection. So the answer is written here, to a
 * duplicate of the connection's descriptor, and Bun never gets one. That ends the connection, which the headers say.
 * When Bun sends headers by itself, delete this file and what `listener.ts` does with it.
 */
export interface EarlyHeaders {
  /**
   * Answers `request`, as Bun gave it, with a stream. Where that cannot be done, the response comes back for Bun to
   * send; else the promise only resolves when the connection has ended, and its value is of no use.
   */
  send(request: Request, server: Receiver, response: Response): Promise<Response>;
  /** Resolves when no stream is open. */
  settled(): Promise<void>;
  /** Cuts off all streams. */
  close(): void;
}

type Receiver = Pick<Server<unknown>, "requestIP" | "port">;

/** The streams of one listener; `path` is that of a unix socket. Bun alone can send what is encrypted. */
export function createEarlyHeaders(options: { path?: string; isEncrypted: boolean; log: Logger }): EarlyHeaders {
  const { path, isEncrypted, log } = options;
  const open = new Map<Connection, Promise<void>>();
  let wasLate = false;
  return {
    async send(request, server, response) {
      if (!(await isPossible(log)) || request.signal.aborted) return response;
      const connection = isEncrypted ? undefined : await Connection.duplicate(request, server, path);
      if (connection === undefined) {
        const reason = isEncrypted ? "the endpoint has TLS" : "its connection cannot be told from others";
        if (!wasLate) log.info(`the headers of a stream wait for its first byte: ${reason}`);
        wasLate = true;
        return response;
      }
      const sent = connection.send(response).finally(() => open.delete(connection));
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
const lastChunk = Buffer.from(`0${crlf}${crlf}`);
/** A chunk of at most so many bytes is copied, so that one write sends it with its size. */
const copiedBytes = 16 * 1024;

/** A second way to a client that Bun waits to answer. */
class Connection {
  readonly #fd: number;
  readonly #name: string;
  #socket: Socket | undefined;
  #isOpen = true;
  #drained: (() => void) | undefined;
  readonly #closed = Promise.withResolvers<void>();

  /** Undefined when the descriptor cannot be told from others, or cannot be duplicated. */
  static async duplicate(request: Request, server: Receiver, path?: string): Promise<Connection | undefined> {
    const fd = path === undefined ? findTcp(server.requestIP(request)?.port, server.port) : findUnix(path);
    const copy = fd === undefined ? -1 : libc().fcntl(fd, duplicateAndCloseOnExec, 0);
    if (copy < 0) return undefined;
    const connection = new Connection(copy);
    try {
      await connection.#attach(request.signal);
      return connection;
    } catch {
      connection.#forget();
      libc().close(copy);
      return undefined;
    }
  }

  private constructor(fd: number) {
    this.#fd = fd;
    this.#name = nameOf(fd);
    inUse.add(this.#name);
  }

  /** Resolves when all was sent, or the client has gone. */
  async send(response: Response): Promise<void> {
    const reader = (response.body as ReadableStream<unknown> | null)?.getReader();
    // A stream that is broken off on purpose ends without its last chunk: that says so.
    const read = () => reader?.read().catch(() => undefined);
    void this.#closed.promise.then(() => reader?.cancel()).catch(() => {});
    try {
      await this.#write(Buffer.from(headOf(response), "latin1"));
      let piece = await read();
      for (; piece?.done === false && this.#isOpen; piece = await read()) await this.#writeChunk(toBytes(piece.value));
      if (reader === undefined || piece?.done) await this.#write(lastChunk);
    } finally {
      this.close();
    }
  }

  /** Ends the connection for Bun, too, which then closes its own descriptor. */
  close(): void {
    if (!this.#isOpen) return;
    libc().shutdown(this.#fd, bothWays);
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
        // More requests on this connection are not answered.
        data() {},
        end: () => this.close(),
        close: () => this.#forget(),
        error: () => this.close(),
      },
    });
    // Bun reads from the connection as well, and leaves it when the client has closed it, or sends one more request.
    signal.addEventListener("abort", () => this.#socket?.resume(), { once: true });
    if (signal.aborted) this.#socket.resume();
  }

  #forget(): void {
    this.#isOpen = false;
    inUse.delete(this.#name);
    this.#drained?.();
    this.#closed.resolve();
  }

  async #writeChunk(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const size = Buffer.from(bytes.length.toString(16) + crlf, "latin1");
    if (bytes.length <= copiedBytes) return await this.#write(Buffer.concat([size, bytes, Buffer.from(crlf)]));
    await this.#write(size);
    await this.#write(bytes);
    await this.#write(Buffer.from(crlf));
  }

  /** Resolves when the kernel has all of it: the bytes may change then. */
  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (this.#isOpen) {
      written += Math.max(0, this.#socket?.write(bytes.subarray(written)) ?? 0);
      if (written >= bytes.length) return;
      await new Promise<void>((resolve) => (this.#drained = resolve));
    }
  }
}

/** What a stream of a plugin gives may be text, as Bun takes it from a response. */
function toBytes(piece: unknown): Uint8Array {
  return piece instanceof Uint8Array ? piece : Buffer.from(piece as string);
}

const ownHeaders = ["connection", "content-length", "date", "transfer-encoding"];

function headOf({ status, headers }: Response): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}${crlf}`;
  for (const [name, value] of headers) if (!ownHeaders.includes(name)) head += `${name}: ${value}${crlf}`;
  return `${head}date: ${new Date().toUTCString()}${crlf}connection: close${crlf}transfer-encoding: chunked${crlf}${crlf}`;
}

/** The descriptor of the one TCP connection between these ports; undefined when there is none, or more than one. */
function findTcp(clientPort: number | undefined, ownPort: number | undefined): number | undefined {
  if (clientPort === undefined || ownPort === undefined) return undefined;
  const found = descriptors().filter(
    (fd) => addressOf("getpeername", fd) === `:${clientPort}` && addressOf("getsockname", fd) === `:${ownPort}`,
  );
  return found.length === 1 ? found[0] : undefined;
}

/**
 * The descriptor of the one connection to this unix socket that no stream has. Clients of a unix socket have no address:
 * undefined when there are several.
 */
function findUnix(path: string): number | undefined {
  const found = descriptors().filter(
    (fd) =>
      addressOf("getsockname", fd) === path && addressOf("getpeername", fd) !== undefined && !inUse.has(nameOf(fd)),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** The connections that a stream has, as the kernel names them. */
const inUse = new Set<string>();

/** `socket:[4711]`, the same for each descriptor of a connection. */
function nameOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}

function descriptors(): number[] {
  return readdirSync("/proc/self/fd").map(Number);
}

/** `struct sockaddr` of Linux, that begins with the family; see unix(7), ip(7) and ipv6(7). */
const families = { unix: 1, ip: 2, ipv6: 10 } as const;
const address = new DataView(new ArrayBuffer(128));
const addressLength = new Int32Array(1);

/** `:5000` or the path of a unix socket, which is empty for a client; undefined for what is no connected socket. */
function addressOf(side: "getpeername" | "getsockname", fd: number): string | undefined {
  addressLength[0] = address.byteLength;
  if (libc()[side](fd, ptr(address), ptr(addressLength)) !== 0) return undefined;
  const family = address.getUint16(0, true);
  if (family === families.ip || family === families.ipv6) return `:${address.getUint16(2)}`;
  if (family !== families.unix) return undefined;
  const path = Buffer.from(address.buffer, 2, Math.max(0, (addressLength[0] ?? 0) - 2));
  return path.toString("utf8").replace(/\0$/, "");
}

const probeTimeoutMs = 5000;
let probed: Promise<boolean> | undefined;

/** Whether it works on this machine and with this Bun, tried once with a listener of its own. The log says if not. */
function isPossible(log: Logger): Promise<boolean> {
  return (probed ??= probe().then(
    () => true,
    (cause: unknown) => {
      log.warn("headers of streams wait for the first byte of the body: they cannot be sent earlier here", cause);
      return false;
    },
  ));
}

/** Rejects when the headers of a silent stream do not arrive. */
async function probe(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error("the headers did not arrive")), probeTimeoutMs);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, receiver) {
      const connection = await Connection.duplicate(request, receiver);
      if (connection === undefined) reject(new Error("the connection was not found"));
      await connection?.send(new Response(new ReadableStream()));
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

/** F_DUPFD_CLOEXEC and SHUT_RDWR of Linux. */
const duplicateAndCloseOnExec = 1030;
const bothWays = 2;

type Libc = ReturnType<typeof load>;
let loaded: Libc | undefined;

function libc(): Libc {
  return (loaded ??= load());
}

function load() {
  return loadLibc({
    getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    shutdown: { args: ["i32", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
}
