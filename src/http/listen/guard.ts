import { isIPv4, isIPv6 } from "node:net";

/** The addresses and names that a listener accepts. */
export interface Site {
  readonly scheme: "http" | "https";
  /** The host that was bound; empty for all addresses. Undefined for a unix socket, which no web page can reach. */
  readonly boundHost: string | undefined;
  /** More host names, without a port, that are accepted in `Host`. */
  readonly hosts: readonly string[];
  /** The host name of this machine. */
  readonly machineName: string;
  /** The name of the `[endpoint:NAME]` section, for messages. */
  readonly endpointName: string;
}

export interface GuardedHeaders {
  readonly host: string | null;
  readonly origin: string | null;
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string | null;
}

export type Admission =
  | { readonly kind: "own" }
  /** A request from a web page of another site that `cors_origins` allows. */
  | { readonly kind: "listed"; readonly origin: string }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Decides whether to accept a request. A web page in the user's browser can send requests to this machine. The `Host`
 * rule stops pages that point their own name at this machine (DNS rebinding); the `Origin` and `Sec-Fetch-Site` rules
 * stop cross-origin requests, which take effect even though the page cannot read the response.
 */
export function judgeRequest(headers: GuardedHeaders, site: Site, corsOrigins: readonly string[]): Admission {
  const { host, origin, fetchSite } = headers;
  if (site.boundHost !== undefined && !isKnown(host, site) && !answersTo(host, site, site.boundHost)) {
    return refuse(
      host === null
        ? "request without a `Host` header: send one"
        : `\`Host\` ${quote(host)} is not allowed: use localhost or this machine's address, or add the name to \`hosts\` in [endpoint:${site.endpointName}]`,
    );
  }
  if (origin !== null) {
    if (corsOrigins.includes(origin) || corsOrigins.includes("*")) return { kind: "listed", origin };
    if (!isSameOrigin(origin, site.scheme, host)) {
      return refuse(
        `\`Origin\` ${quote(origin)} is not allowed: if it is yours, add it to \`cors_origins\` in [gaffer]`,
      );
    }
  }
  if (fetchSite !== null && !ownFetchSites.includes(fetchSite.toLowerCase())) {
    return refuse(
      `cross-origin request is not allowed (\`Sec-Fetch-Site\` ${quote(fetchSite)}): open the address directly, or add the origin of the page to \`cors_origins\` in [gaffer]`,
    );
  }
  return { kind: "own" };
}

/** Browsers send these for gafferd's own pages and for a typed address. A page on another port sends `same-site`. */
const ownFetchSites: readonly string[] = ["same-origin", "none"];

/** Clients repeat the same `Host`, and parsing it takes as long as a small response, so accepted values are cached. */
const maxKnownHosts = 64;
const maxKnownCharacters = 256;
const knownHosts = new WeakMap<Site, Set<string>>();

/** Whether the site has accepted this `Host` before. */
function isKnown(header: string | null, site: Site): boolean {
  return header !== null && (knownHosts.get(site)?.has(header) ?? false);
}

function remember(header: string, site: Site): void {
  const known = knownHosts.get(site) ?? new Set();
  if (known.size < maxKnownHosts && header.length <= maxKnownCharacters) knownHosts.set(site, known.add(header));
}

function answersTo(header: string | null, site: Site, boundHost: string): boolean {
  if (header === null || !matches(header, site, boundHost)) return false;
  remember(header, site);
  return true;
}

function matches(header: string, site: Site, boundHost: string): boolean {
  const name = parseHost(header);
  if (name === undefined) return false;
  if (isLoopback(name) || site.hosts.some((each) => normalize(each) === name)) return true;
  if (isLoopback(normalize(boundHost))) return false;
  // DNS rebinding needs a name: an IP address is safe.
  if (isIPv4(name) || name.startsWith("[")) return true;
  return name === normalize(boundHost) || name === normalize(site.machineName);
}

/** Whether a normalized host is a loopback address or name. */
function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]") return true;
  return (isIPv4(name) && name.startsWith("127.")) || /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(name);
}

/** `"[::1]:5000"` gives `"[::1]"`, `"Example.com.:80"` gives `"example.com"`. Undefined if it is not a valid host. */
function parseHost(header: string): string | undefined {
  const { host } = /^(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(header)?.groups ?? {};
  return host === undefined || !URL.canParse(`http://${header}`) ? undefined : normalize(host);
}

/** The form that browsers use: lower case, canonical addresses, IPv6 in brackets. Removes the trailing dot. */
function normalize(host: string): string {
  const bracketed = isIPv6(host) ? `[${host}]` : host;
  return (URL.parse(`http://${bracketed}`)?.hostname ?? bracketed).replace(/\.$/, "");
}

/** Whether scheme, host and port are the same. The origin `null` and malformed origins are not. */
function isSameOrigin(origin: string, scheme: string, host: string | null): boolean {
  const page = URL.parse(origin);
  const own = URL.parse(`${scheme}://${host ?? ""}`);
  if (page === null || own === null || page.origin === "null") return false;
  return page.origin === origin && page.origin === own.origin;
}

function refuse(message: string): Admission {
  return { kind: "refused", message };
}

const shownCharacters = 100;

function quote(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text);
}
