import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** The address to bind; empty for all. Bun 1.4.5 reports a name without an address as whatever failed before. */
export async function resolveHost(host: string): Promise<string> {
  const name = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (name === "" || isIP(name)) return name;
  return (await lookup(name, { order: "ipv4first" })).address;
}
