import { currentMoment } from "../../moment.ts";
import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Logger } from "../../log.ts";
import type { Manager } from "../../manager/manager.ts";
import { upgrade } from "../listen/connection.ts";
import { outputParameters, parseStart } from "./output-query.ts";
import { defaultHeartbeatMs, parseHeartbeat } from "../feed/feed-query.ts";
import type { Leases } from "../../leases/leases.ts";
import { PingedPresence } from "../feed/client-presence.ts";
import { holdLease, leaseParameter } from "../feed/held-lease.ts";
import { flag, type Parameter } from "../operation/parameter.ts";
import { processSource } from "../../reading/output-source.ts";
import { findOneProcess } from "../operation/target.ts";
import { assertReadable } from "./assert-readable.ts";
import { findReader } from "./find-reader.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { offsetParameter } from "./stdin-routes.ts";
import { createRefusal, createWstream, type Wstream } from "./wstream.ts";

export interface WstreamRoutesOptions {
  readonly manager: Manager;
  /** Undefined if no output is ever kept on disk. */
  readonly journal: Journal | undefined;
  readonly leases: Leases;
  readonly log: Logger;
}

/** The subprotocol for output in binary frames. */
const binaryProtocol = "binary";

/** Query parameters of `/wstreams/:target`. */
export const wstreamParameters = {
  label: {
    name: "label",
    description: "The label of the output to send, from `redirect_output`. Default: the first label.",
    schema: { type: "string" },
    examples: ["stderr"],
  },
  tail: outputParameters.tail,
  since: outputParameters.since,
  heartbeat: {
    ...outputParameters.heartbeat,
    description: "The interval between ping frames, in seconds. `true` means 15, `false` disables pings.",
  },
  eof: flag("eof", false, "`true`: close stdin when the client closes the WebSocket."),
  offset: {
    ...offsetParameter,
    description:
      "The position in stdin of the first message; each further message follows the one before. Bytes that were accepted before are skipped.",
  },
  taken: flag(
    "taken",
    false,
    '`true`: send `{"taken":…}`, the number of bytes that stdin has accepted, at first and after each message.',
  ),
  lease: {
    ...leaseParameter,
    description:
      "The owner of a lease, which is renewed while this WebSocket is open and its client answers pings. See `POST /leases/{owner}`.",
  },
} as const satisfies Record<string, Parameter>;

/** `/wstreams/:target`: a WebSocket to the stdin of a process and from one of its outputs. */
export function wstreamRoutes({ manager, journal, leases, log }: WstreamRoutesOptions) {
  return new Elysia({ name: "wstreams" }).get("/wstreams/:target", async ({ request, params }) => {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new GafferdError("upgrade_required", "this path requires a WebSocket: connect with ws:// or wss://");
    }
    admitStream(request);
    const isBinary = offers(request, binaryProtocol);
    const handlers = await handlersOf(request, params.target, isBinary);
    if (upgrade(request, handlers, isBinary ? binaryProtocol : undefined)) return undefined;
    handlers.abandon();
    throw new GafferdError("bad_value", "invalid WebSocket handshake; see RFC 6455");
  });

  async function handlersOf(request: Request, target: string, isBinary: boolean): Promise<Wstream> {
    const query = new URL(request.url).searchParams;
    const start = parseStart(query, request.headers.get("last-event-id"), currentMoment());
    const pingMs = parseHeartbeat(query.get(wstreamParameters.heartbeat.name), defaultHeartbeatMs);
    const eof = wstreamParameters.eof.read(query);
    const offset = offsetParameter.read(query);
    const reportsTaken = wstreamParameters.taken.read(query);
    const presence = new PingedPresence();
    let release: (() => void) | undefined;
    try {
      release = holdLease(request, leases, presence);
      const { supervisor, process } = findOneProcess(manager, target);
      const label = query.get(wstreamParameters.label.name) ?? undefined;
      assertReadable(process.template, label, target);
      const [first = ""] = process.template.redirectOutput;
      const shown = label ?? first;
      const reader = await findReader({
        name: supervisor.template.name,
        source: processSource(supervisor, process),
        start,
        readerOptions: { label: shown, unit: isBinary ? "bytes" : "characters" },
        journal,
        log,
      });
      const held = release === undefined ? undefined : { presence, release };
      return createWstream({
        process,
        openReader: reader.open,
        isBinary,
        // Pings are how a client is noticed that is gone, so they cannot be disabled.
        pingMs: held === undefined ? pingMs : Math.min(pingMs ?? Infinity, defaultHeartbeatMs),
        eof,
        offset,
        reportsTaken,
        held,
      });
    } catch (error) {
      release?.();
      if (error instanceof GafferdError && error.code !== "bad_value") return createRefusal(error);
      throw error;
    }
  }
}

function offers(request: Request, protocol: string): boolean {
  const offered = request.headers.get("sec-websocket-protocol") ?? "";
  return offered.split(",").some((each) => each.trim() === protocol);
}
