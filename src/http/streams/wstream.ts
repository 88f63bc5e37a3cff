import type { ServerWebSocket } from "bun";
import { type ErrorCode, GafferdError } from "../../errors.ts";
import { inputOf } from "../../manager/input.ts";
import type { OutputItem } from "../../reading/output-reader.ts";
import { OutputReader } from "../../reading/output-reader.ts";
import { processSource } from "../../reading/output-source.ts";
import type { OutputStart } from "../../reading/output-start.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";
import type { SocketHandlers } from "../listen/connection.ts";
import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import { toGapDocument } from "./output-encoder.ts";

type Socket = ServerWebSocket<SocketHandlers>;

export interface WstreamOptions {
  readonly supervisor: Supervisor;
  readonly process: SupervisedProcess;
  readonly label: string;
  readonly start: OutputStart;
  /** Output comes in binary frames, what we say of it in text; else the other way round, so that no output can forge it. */
  readonly isBinary: boolean;
  /** Between two ping frames, so that no proxy takes silence for the end; undefined: none are sent. */
  readonly pingMs: number | undefined;
  /** Closes stdin when the client closes the WebSocket. */
  readonly eof: boolean;
}

export interface Wstream extends SocketHandlers {
  /** Call when it has become no WebSocket. */
  abandon(): void;
}

const frameBytes = 64 * 1024;
/** Close codes of the WebSocket protocol and of ours. */
const closeCodes = { done: 1000, tooMuch: 1013, forbidden: 4403, notFound: 4404, conflict: 4409 } as const;

/**
 * What a WebSocket of a process does: its messages go to stdin, an empty one closes it, and output comes as the client
 * takes it.
 */
export function createWstream(options: WstreamOptions): Wstream {
  const { process, isBinary, pingMs, eof } = options;
  const sender = new Sender(options);
  let pings: NodeJS.Timeout | undefined;
  return {
    open(socket) {
      if (pingMs !== undefined) pings = setInterval(() => socket.ping(), pingMs);
      sender.open(socket);
    },
    drain: () => sender.drain(),
    message(socket, message) {
      const written = message.length === 0 ? closeInput(process) : writeMessage(process, message);
      void written.catch((error: unknown) => refuse(socket, error, isBinary));
    },
    close() {
      clearInterval(pings);
      sender.close();
      if (eof) process.stdin?.close();
    },
    abandon: () => sender.close(),
  };
}

/** Sends output until the client is too slow, and goes on when it has drained: the only queue of ours is the ring. */
class Sender {
  readonly #reader: OutputReader;
  readonly #isBinary: boolean;
  #socket: Socket | undefined;
  #isFull = false;
  #isWoken = false;

  constructor({ supervisor, process, label, start, isBinary }: WstreamOptions) {
    this.#isBinary = isBinary;
    const unit = isBinary ? "bytes" : "characters";
    this.#reader = new OutputReader(processSource(supervisor, process), {
      label,
      start,
      unit,
      onReady: () => this.#wake(),
    });
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

  /** Once a tick, however much comes in it. */
  #wake(): void {
    if (this.#isWoken || this.#isFull) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#socket !== undefined && !this.#isFull) {
      const item = this.#reader.next(frameBytes, performance.now());
      if (item === undefined) break;
      this.#isFull = send(this.#socket, item, this.#isBinary) < 0;
    }
    if (this.#reader.ended && !this.#isFull) this.#socket?.close(closeCodes.done, "the process has ended");
  }
}

/** Says why a WebSocket cannot be served, and closes it: clients of browsers see no status of a refused upgrade. */
export function createRefusal(error: unknown): Wstream {
  return { open: (socket) => refuse(socket, error, true), abandon() {} };
}

/** What Bun says of the frame: bytes sent, or -1 when the client is to drain before the next. */
function send(socket: Socket, item: OutputItem, isBinary: boolean): number {
  switch (item.kind) {
    case "bytes": {
      const bytes = Buffer.from(item.ring.copy(item.from, item.to).buffer);
      return isBinary ? socket.sendBinary(bytes) : socket.sendText(bytes.toString("utf8"));
    }
    case "gap":
      return say(socket, { event: "gap", ...toGapDocument(item) }, isBinary);
    case "exit": {
      const { id, exit } = item.process;
      return say(socket, { event: "exit", pid: id, ...toExitStatusDocument(exit?.status) }, isBinary);
    }
    case "spawn":
      return 0;
  }
}

/** Sends what is not output, in the kind of frame that output never comes in. */
function say(socket: Socket, document: object, isBinary: boolean): number {
  const text = JSON.stringify(document);
  return isBinary ? socket.sendText(text) : socket.sendBinary(Buffer.from(text));
}

async function writeMessage(process: SupervisedProcess, message: string | Buffer): Promise<void> {
  const { stdinTimeoutMs } = process.template;
  await inputOf(process).write(Buffer.from(message as string), { timeoutMs: stdinTimeoutMs });
}

async function closeInput(process: SupervisedProcess): Promise<void> {
  inputOf(process).close();
}

function refuse(socket: Socket, error: unknown, isBinary: boolean): void {
  const known = error instanceof GafferdError ? error : new GafferdError("internal", "gafferd could not do this");
  say(socket, { error: known.code, message: known.message, ...known.details }, isBinary);
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
