import { isIPv4, isIPv6 } from "node:net";

/** What a listener answers to. */
export interface Site {
  readonly scheme: "http" | "https";
  /** The host as it was bound, empty for all addresses; undefined for a unix socket, which no web page can reach by name. */
  readonly boundHost: string | undefined;
  /** More names that the listener answers to, without a port. */
  readonly hosts: readonly string[];
  /** The name of this machine. */
  readonly machineName: string;
  /** The section of the configuration to name in advice. */
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
  /** A web page of another site that the configuration lets in. */
  | { readonly kind: "listed"; readonly origin: string }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Whether a request may be answered at all. A web page that a person visits can send requests to this machine: under
 * its own name if it points that name here (DNS rebinding: hence the rule for `Host`), and across origins without being
 * able to read the answer (hence those for `Origin` and `Sec-Fetch-Site`).
 */
export function judgeRequest(headers: GuardedHeaders, site: Site, corsOrigins: readonly string[]): Admission {
  const { host, origin, fetchSite } = headers;
  if (site.boundHost !== undefined && !isKnown(host, site) && !answersTo(host, site, site.boundHost)) {
    return refuse(
      host === null
        ? "cannot answer a request without a `Host` header: say which host you mean"
        : `cannot answer to the \`Host\` ${quote(host)}: use localhost or this machine's address, or add its name to \`hosts\` of [endpoint:${site.endpointName}]`,
    );
  }
  if (origin !== null) {
    if (corsOrigins.includes(origin) || corsOrigins.includes("*")) return { kind: "listed", origin };
    if (!isSameOrigin(origin, site.scheme, host)) {
      return refuse(
        `cannot answer a web page of the \`Origin\` ${quote(origin)}: if it is yours, add it to \`cors_origins\` of [gaffer]`,
      );
    }
  }
  if (fetchSite !== null && !ownFetchSites.includes(fetchSite.toLowerCase())) {
    return refuse(
      `cannot answer a request that a page of another site or port makes (\`Sec-Fetch-Site\` ${quote(fetchSite)}): open the address by itself, or add the page's origin to \`cors_origins\` of [gaffer]`,
    );
  }
  return { kind: "own" };
}

/** What a browser sends for gafferd's own pages and for an address that a person typed. A page on another port is `same-site`. */
const ownFetchSites: readonly string[] = ["same-origin", "none"];

/** Each client writes the same `Host` each time, and reading it takes as long as a small answer: so many are remembered. */
const maxKnownHosts = 64;
const maxKnownCharacters = 256;
const knownHosts = new WeakMap<Site, Set<string>>();

/** Whether the site has answered to it before. */
function isKnown(header: string | null, site: Site): boolean {
  return header !== null && (knownHosts.get(site)?.has(header) ?? false);
}

function remember(header: string, site: Site): void {
  const known = knownHosts.get(site) ?? new Set();
  if (known.size < maxKnownHosts && header.length <= maxKnownCharacters) knownHosts.set(site, known.add(header));
}

function answersTo(header: string | null, site: Site, boundHost: string): boolean {
  if (header === null || !names(header, site, boundHost)) return false;
  remember(header, site);
  return true;
}

function names(header: string, site: Site, boundHost: string): boolean {
  const name = parseHost(header);
  if (name === undefined) return false;
  if (isLoopback(name) || site.hosts.some((each) => normalize(each) === name)) return true;
  if (isLoopback(normalize(boundHost))) return false;
  // No name was asked of any DNS for an address, so that no rebinding can stand behind it.
  if (isIPv4(name) || name.startsWith("[")) return true;
  return name === normalize(boundHost) || name === normalize(site.machineName);
}

/** Whether only this machine can reach a host, given as `normalize` writes it. */
function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]") return true;
  return (isIPv4(name) && name.startsWith("127.")) || /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(name);
}

/** `"[::1]"` of `"[::1]:5000"`, `"example.com"` of `"Example.com.:80"`; undefined for what is no host. */
function parseHost(header: string): string | undefined {
  const { host } = /^(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.exec(header)?.groups ?? {};
  return host === undefined || !URL.canParse(`http://${header}`) ? undefined : normalize(host);
}

/** As a browser writes it: lower case, addresses in their one form, IPv6 in brackets; without the dot of the root. */
function normalize(host: string): string {
  const bracketed = isIPv6(host) ? `[${host}]` : host;
  return (URL.parse(`http://${bracketed}`)?.hostname ?? bracketed).replace(/\.$/, "");
}

/** Scheme, host and port alike. `null`, and whatever no browser sends, is foreign. */
function isSameOrigin(origin: string, scheme: string, host: string | null): boolean {
  const theirs = URL.parse(origin);
  const ours = URL.parse(`${scheme}://${host ?? ""}`);
  if (theirs === null || ours === null || theirs.origin === "null") return false;
  return theirs.origin === origin && theirs.origin === ours.origin;
}

function refuse(message: string): Admission {
  return { kind: "refused", message };
}

const shownCharacters = 100;

function quote(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text);
}
