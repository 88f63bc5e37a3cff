import type { ServerWebSocket } from "bun";
import { type ErrorCode, GafferdError } from "../../errors.ts";
import { inputOf, stdinOf } from "../../manager/input.ts";
import type { OutputItem } from "../../reading/output-reader.ts";
import type { OpenReader, OutputItems } from "../../reading/output-items.ts";
import type { SupervisedProcess } from "../../manager/views.ts";
import type { PingedPresence } from "../feed/client-presence.ts";
import type { SocketHandlers } from "../listen/connection.ts";
import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import { toGapDocument } from "./output-encoder.ts";
import { withTaken } from "./stdin-routes.ts";
import { hasTimeLeft, runInNextTurn } from "../../slices.ts";

type Socket = ServerWebSocket<SocketHandlers>;

export interface WstreamOptions {
  readonly process: SupervisedProcess;
  /** Opens the reader of the output. */
  readonly openReader: OpenReader;
  /** Sends output in binary frames and gafferd's messages in text frames; false: the reverse. Output cannot forge a message. */
  readonly isBinary: boolean;
  /** Interval between ping frames, so that proxies do not close the connection. Undefined for no pings. */
  readonly pingMs: number | undefined;
  /** Closes stdin when the client closes the WebSocket. */
  readonly eof: boolean;
  /** The position in stdin of the first message. Undefined: after everything that was written before. */
  readonly offset: number | undefined;
  /** Sends `{"taken":n}` at first, and after each message that was written. */
  readonly reportsTaken: boolean;
  /** The lease that the connection holds. */
  readonly held: { readonly presence: PingedPresence; readonly release: () => void } | undefined;
}

export interface Wstream extends SocketHandlers {
  /** Call if the upgrade to a WebSocket failed. */
  abandon(): void;
}

const frameBytes = 64 * 1024;
/** Close codes: 1xxx are from RFC 6455, 4xxx are gafferd's. */
const closeCodes = { done: 1000, tooMuch: 1013, forbidden: 4403, notFound: 4404, conflict: 4409 } as const;

/**
 * Connects a WebSocket to a process. Messages are written to stdin, an empty message closes stdin, and output is sent as
 * fast as the client reads it.
 */
export function createWstream(options: WstreamOptions): Wstream {
  const { process, isBinary, pingMs, eof, reportsTaken, held } = options;
  const sender = new Sender(options);
  const input = new Input(options);
  let pings: NodeJS.Timeout | undefined;
  const ping = (socket: Socket) => {
    held?.presence.asked();
    socket.ping();
  };
  return {
    open(socket) {
      if (pingMs !== undefined) pings = setInterval(ping, pingMs, socket);
      if (reportsTaken && process.stdin !== undefined) sendTaken(socket, process.stdin.taken, isBinary);
      sender.open(socket);
    },
    drain: () => sender.drain(),
    pong: () => held?.presence.answered(),
    message(socket, message) {
      const written = message.length === 0 ? input.close() : input.write(Buffer.from(message as string));
      void written.then(
        (taken) => reportsTaken && socket.readyState === WebSocket.OPEN && sendTaken(socket, taken, isBinary),
        (error: unknown) => refuse(socket, withTaken(error, process.stdin?.taken), isBinary),
      );
    },
    close() {
      clearInterval(pings);
      held?.release();
      sender.close();
      if (eof) process.stdin?.close();
    },
    abandon() {
      held?.release();
      sender.close();
    },
  };
}

/** Writes messages to stdin, one after the other. Each call resolves to the number of bytes that stdin has accepted. */
class Input {
  readonly #process: SupervisedProcess;
  /** The position of the next message. Undefined: after everything that was written before. */
  #offset: number | undefined;
  #isContinued = false;

  constructor({ process, offset }: WstreamOptions) {
    this.#process = process;
    this.#offset = offset;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { stdinTimeoutMs: timeoutMs } = this.#process.template;
    const stdin = this.#stdin;
    if (this.#offset === undefined) await stdin.write(bytes, { timeoutMs });
    else {
      const place = { offset: this.#offset, isContinued: this.#isContinued };
      this.#offset += bytes.length;
      this.#isContinued = true;
      await stdin.write(bytes, { timeoutMs, place });
    }
    return stdin.taken;
  }

  async close(): Promise<number> {
    const stdin = this.#stdin;
    stdin.close();
    return stdin.taken;
  }

  /** With an offset, all of it may have been accepted before stdin was closed. */
  get #stdin(): ReturnType<typeof stdinOf> {
    return this.#offset === undefined ? inputOf(this.#process) : stdinOf(this.#process);
  }
}

/** Sends output until the client is too slow, and continues after `drain`. The ring is the only queue. */
class Sender {
  readonly #reader: OutputItems;
  readonly #isBinary: boolean;
  #socket: Socket | undefined;
  #isFull = false;
  #isScheduled = false;

  constructor({ openReader, isBinary }: WstreamOptions) {
    this.#isBinary = isBinary;
    this.#reader = openReader({ onReady: () => this.#wake() });
  }

  open(socket: Socket): void {
    this.#socket = socket;
    this.#send();
  }

  drain(): void {
    this.#isFull = false;
    this.#send();
  }

  close(): void {
    this.#socket = undefined;
    this.#reader.close();
  }

  /** Sends once per tick. */
  #wake(): void {
    if (this.#isScheduled || this.#isFull) return;
    this.#schedule(queueMicrotask);
  }

  #schedule(run: (act: () => void) => void): void {
    this.#isScheduled = true;
    run(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#socket !== undefined && !this.#isFull) {
      // A client that reads as fast as gafferd sends would otherwise delay everything else.
      if (!hasTimeLeft()) {
        if (!this.#isScheduled) this.#schedule(runInNextTurn);
        return;
      }
      const item = this.#reader.next(frameBytes, performance.now());
      if (item === undefined) break;
      this.#isFull = send(this.#socket, item, this.#isBinary) < 0;
    }
    if (this.#reader.ended && !this.#isFull) this.#socket?.close(closeCodes.done, "the process has ended");
  }
}

/** Sends an error and closes the WebSocket, because a web page cannot see the HTTP status of a refused upgrade. */
export function createRefusal(error: unknown): Wstream {
  return { open: (socket) => refuse(socket, error, true), abandon() {} };
}

/** Sends an item. Returns the number of bytes sent, or -1 to wait for `drain` before the next item. */
function send(socket: Socket, item: OutputItem, isBinary: boolean): number {
  switch (item.kind) {
    case "bytes": {
      const bytes = Buffer.from(item.ring.copy(item.from, item.to).buffer);
      return isBinary ? socket.sendBinary(bytes) : socket.sendText(bytes.toString("utf8"));
    }
    case "gap":
      return sendMessage(socket, { event: "gap", ...toGapDocument(item) }, isBinary);
    case "exit": {
      const { id, exit } = item.process;
      return sendMessage(socket, { event: "exit", pid: id, ...toExitStatusDocument(exit?.status) }, isBinary);
    }
    case "spawn":
      return 0;
  }
}

/** Sends one of gafferd's messages, in the type of frame that is not used for output. */
function sendMessage(socket: Socket, document: object, isBinary: boolean): number {
  const text = JSON.stringify(document);
  return isBinary ? socket.sendText(text) : socket.sendBinary(Buffer.from(text));
}

function sendTaken(socket: Socket, taken: number, isBinary: boolean): void {
  sendMessage(socket, { taken }, isBinary);
}

function refuse(socket: Socket, error: unknown, isBinary: boolean): void {
  const known =
    error instanceof GafferdError
      ? error
      : new GafferdError("internal", "internal error in gafferd; see its log for details");
  sendMessage(socket, { error: known.code, message: known.message, ...known.details }, isBinary);
  socket.close(closeCodeOf(known.code), known.code);
}

function closeCodeOf(code: ErrorCode): number {
  switch (code) {
    case "not_found":
    case "io_not_found":
      return closeCodes.notFound;
    case "conflict":
      return closeCodes.conflict;
    case "overloaded":
      return closeCodes.tooMuch;
    default:
      return closeCodes.forbidden;
  }
}
