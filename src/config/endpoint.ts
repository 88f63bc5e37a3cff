import { isIP, isIPv4, isIPv6 } from "node:net";
import { dirname, resolve } from "node:path";
import type { Bind } from "../bind.ts";
import { expandHome } from "../template/text-values.ts";
import { badValue } from "./value.ts";

/** One or more addresses that gafferd listens on with the same settings. */
export interface Endpoint {
  readonly name: string;
  readonly binds: readonly Bind[];
  /** How many connections may wait to be accepted. */
  readonly backlog: number;
  /** Absent: plain HTTP. The paths are absolute, and were readable when the configuration was read. */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** If present, only clients with a certificate signed by this authority can connect. */
    readonly clientCaFile?: string;
  };
  /** Permissions of unix sockets. */
  readonly mode: number;
  /** Owner of unix sockets, by number or name. Absent: gafferd's own. */
  readonly owner?: number | string;
  /** Group of unix sockets, by number or name. Absent: gafferd's own. */
  readonly group?: number | string;
  /** Whether clients must authenticate if the endpoint supports it. */
  readonly auth: boolean;
  /** Allows an address that other machines can reach without authentication. */
  readonly insecure: boolean;
  /**
   * More names that are allowed in the `Host` of a request, in the form of `URL.hostname`: `a.org`, `10.0.0.1`,
   * `[::1]`.
   */
  readonly hosts: readonly string[];
}

/** Defaults of `bind` and `backlog`. */
export const defaultBind: Bind = { kind: "tcp", host: "127.0.0.1", port: 5000 };
export const defaultBacklog = 128;

/** Longest path of a unix socket, in bytes (`sun_path` of unix(7), without its NUL). */
const maxSocketPathBytes = 107;

/**
 * Parses `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000`, `:5000` (all addresses), `5000` (loopback) or
 * `unix:/run/gaffer.sock`. A relative path is relative to the folder of `file`. Throws `bad_value`.
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
  if (name !== "" && !isHostName(name)) {
    throw badValue(`must have a host name or an IP address before the port, not ${JSON.stringify(name)}`);
  }
  return { kind: "tcp", host: name.toLowerCase(), port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(bind: Bind): boolean {
  if (bind.kind === "unix") return true;
  const { host } = bind;
  if (host === "localhost") return true;
  if (isIPv4(host)) return host.startsWith("127.");
  // The URL parser shortens an IPv6 address: 0:0:0:0:0:0:0:1 to ::1, and ::ffff:127.0.0.1 to hex.
  return (
    isIPv6(host) &&
    !host.includes("%") &&
    /^\[::(1|ffff:7f[\da-f]{2}:[\da-f]{1,4})\]$/.test(new URL(`http://[${host}]`).hostname)
  );
}

/** Whether `text` is an IPv4 address or a host name; `1.2.3` and `300.1.1.1` are neither. */
export function isHostName(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return isIP(text) === 4;
  return text.length <= 253 && /^[\da-z]([\da-z-]*[\da-z])?(\.[\da-z]([\da-z-]*[\da-z])?)*$/i.test(text);
}

function parseSocketPath(written: string, file: string): Bind {
  if (written === "") throw badValue("must have a path after unix:");
  if (written.includes("\0")) throw badValue("must not have a NUL byte in the path");
  const path = resolve(dirname(file), expandHome(written));
  const bytes = Buffer.byteLength(path);
  if (bytes > maxSocketPathBytes) {
    throw badValue(`must have a socket path of at most ${maxSocketPathBytes} bytes; ${path} has ${bytes}`);
  }
  return { kind: "unix", path };
}
