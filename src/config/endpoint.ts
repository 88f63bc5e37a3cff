import { isIP, isIPv4, isIPv6 } from "node:net";
import { dirname, resolve } from "node:path";
import type { Bind } from "../bind.ts";
import { expandHome } from "../template/home.ts";
import { badValue } from "./value.ts";

/** A way into gafferd: one or more addresses under one set of rules. */
export interface Endpoint {
  readonly name: string;
  readonly binds: readonly Bind[];
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** Absent: plain HTTP. Absolute paths, readable when the configuration was read. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** If present, only clients with a certificate that this authority signed are let in. */
    readonly clientCaFile?: string;
  };
  /** Of a unix socket, as are `owner` and `group`. */
  readonly mode: number;
  /** Number or name; absent: gafferd's own. */
  readonly owner?: number | string;
  readonly group?: number | string;
  /** Whether callers must show who they are, where gafferd can ask them. */
  readonly auth: boolean;
  /** Whoever wrote the configuration means it: others can reach this, and nothing asks who they are. */
  readonly insecure: boolean;
  /** More names that the `Host` of a request may carry, as `URL.hostname` writes them: `a.org`, `10.0.0.1`, `[::1]`. */
  readonly hosts: readonly string[];
}

/** What `Bind`s and a backlog are when nothing else is said. */
export const defaultBind: Bind = { kind: "tcp", host: "127.0.0.1", port: 5000 };
export const defaultBacklog = 128;

/** Longest path of a unix socket that the system takes, in bytes (`sun_path` of unix(7), without its NUL). */
const maxSocketPathBytes = 107;

/**
 * The address that `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000`, `:5000` (every address), `5000` (loopback) or
 * `unix:/run/gaffer.sock` names. A relative path is relative to the folder of `file`. Throws `bad_value`.
 */
export function parseBind(text: string, file = "./-"): Bind {
  if (text.startsWith("unix:")) return parseSocketPath(text.slice("unix:".length), file);
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(\d+)$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw badValue(
      `must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not ${JSON.stringify(text)}`,
    );
  }
  const [, ipv6, name] = match;
  if (ipv6 !== undefined) {
    if (!isIPv6(ipv6)) throw badValue(`must have an IPv6 address between [ and ], not ${JSON.stringify(ipv6)}`);
    return { kind: "tcp", host: ipv6, port };
  }
  if (name === undefined) return { kind: "tcp", host: "127.0.0.1", port };
  if (name !== "" && !isHostName(name))
    throw badValue(`must have the address or name of a host, not ${JSON.stringify(name)}`);
  return { kind: "tcp", host: name.toLowerCase(), port };
}

/** Whether only this machine can reach it. */
export function isLoopback(bind: Bind): boolean {
  if (bind.kind === "unix") return true;
  const { host } = bind;
  if (host === "localhost") return true;
  if (isIPv4(host)) return host.startsWith("127.");
  // The URL parser writes an IPv6 address in its one short form: 0:0:0:0:0:0:0:1 as ::1, ::ffff:127.0.0.1 in hex.
  return (
    isIPv6(host) &&
    !host.includes("%") &&
    /^\[::(1|ffff:7f[\da-f]{2}:[\da-f]{1,4})\]$/.test(new URL(`http://[${host}]`).hostname)
  );
}

/** Whether `text` is an IPv4 address or the name of a host; `1.2.3` and `300.1.1.1` are neither. */
export function isHostName(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4;
  return text.length <= 253 && /^[\da-z]([\da-z-]*[\da-z])?(\.[\da-z]([\da-z-]*[\da-z])?)*$/i.test(text);
}

function parseSocketPath(written: string, file: string): Bind {
  if (written === "") throw badValue("must have a path after unix:");
  if (written.includes("\0")) throw badValue("must have no NUL byte in its path");
  const path = resolve(dirname(file), expandHome(written));
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw badValue(`must have a path of at most ${maxSocketPathBytes} bytes, not the ${bytes} of ${path}`);
  }
  return { kind: "unix", path };
}
