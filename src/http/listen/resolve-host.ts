import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/**
 * Resolves a host to the address to bind; empty for all addresses. Throws the error of `dns.lookup`. Needed because Bun
 * 1.4.5 reports a name that does not resolve with the code of an earlier error.
 */
export async function resolveHost(host: string): Promise<string> {
  const name = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (name === "" || isIP(name)) return name;
  return (await lookup(name, { order: "ipv4first" })).address;
}
