import { isIPv6 } from "node:net";
import { type Bind, formatUrl } from "../bind.ts";
import { suggestion } from "../suggestion.ts";
import { defaultBacklog, defaultBind, type Endpoint, isHostName, isLoopback, parseBind } from "./endpoint.ts";
import type { IniValue } from "./ini.ts";
import { mayHold, readKeys, type Report, reportValue, type Section, valueOf } from "./section.ts";
import { badValue, checkReadable, parseBoolean, parseInteger, parseList, resolvePath } from "./value.ts";

/** Reads an `[endpoint:NAME]` section. Reports invalid values, and addresses that other machines can reach. */
export function readEndpoint(section: Section, report: Report): Endpoint {
  const readers = {
    bind: toBinds,
    backlog: (value: IniValue) => parseInteger(value.text, 1, 65_535),
    certfile: toReadableFile,
    keyfile: toReadableFile,
    client_ca: toReadableFile,
    mode: toMode,
    owner: toUser,
    group: toUser,
    auth: (value: IniValue) => parseBoolean(value.text),
    insecure: (value: IniValue) => parseBoolean(value.text),
    hosts: toHosts,
  };
  const settings = readKeys(section, readers, report);
  const { bind: binds = [defaultBind], certfile, keyfile, client_ca, auth = true, insecure = false } = settings;
  const reportKey = (key: keyof typeof readers, message: string): void => {
    const value = valueOf(section, key);
    if (value) reportValue(section, value, report, message);
  };
  const isGiven = (key: keyof typeof readers): boolean => mayHold(section, key, Object.keys(readers));

  if (!isGiven("keyfile")) reportKey("certfile", "requires `keyfile`; set both");
  if (!isGiven("certfile")) reportKey("keyfile", "requires `certfile`; set both");
  if (!isGiven("certfile") && !isGiven("keyfile")) {
    reportKey("client_ca", "requires `certfile` and `keyfile`; set all three");
  }
  if (!binds.some((bind) => bind.kind === "unix")) {
    for (const key of ["mode", "owner", "group"] as const) {
      reportKey(key, "applies only to unix sockets, and `bind` has none; add unix:PATH to `bind`, or remove this key");
    }
  }
  const reachable = binds.find((bind) => !isLoopback(bind));
  const isInsecureKnown = settings.insecure !== undefined || !isGiven("insecure");
  if (reachable && !insecure && isInsecureKnown) {
    if (!isGiven("client_ca")) reportKey("bind", refusalToOpen(reachable));
    else if (!auth) {
      reportKey(
        "auth",
        `must be true, because other machines can reach ${formatUrl(reachable, false)}; set \`insecure = true\` to allow this anyway`,
      );
    }
  }
  return {
    name: section.label,
    binds,
    backlog: settings.backlog ?? defaultBacklog,
    ...(certfile &&
      keyfile && { tls: { certFile: certfile, keyFile: keyfile, ...(client_ca && { clientCaFile: client_ca }) } }),
    mode: settings.mode ?? 0o600,
    ...(settings.owner !== undefined && { owner: settings.owner }),
    ...(settings.group !== undefined && { group: settings.group }),
    auth,
    insecure,
    hosts: settings.hosts ?? [],
  };
}

/** Why gafferd does not open an address that is not loopback. */
export function refusalToOpen(bind: Bind): string {
  return `would let everyone who can reach ${formatUrl(bind, false)} run commands; set \`client_ca\`, or \`insecure = true\` to allow this anyway`;
}

/**
 * The endpoints that `[gaffer] http_endpoints` names, or all. Reports an address that is used twice. `misnamed` are the
 * labels of sections of unknown kind, which have been reported.
 */
export function selectEndpoints(
  endpoints: ReadonlyMap<Section, Endpoint>,
  wanted: { section: Section; value: IniValue } | undefined,
  misnamed: readonly string[],
  report: Report,
): Endpoint[] {
  const opened = wanted ? namedEndpoints(endpoints, wanted, misnamed, report) : [...endpoints];
  const owners = new Map<string, string>();
  for (const [section, endpoint] of opened) {
    for (const bind of endpoint.binds) {
      if (bind.kind === "tcp" && bind.port === 0) continue;
      const isLocalhost = bind.kind === "tcp" && bind.host === "localhost";
      const address = formatUrl(isLocalhost ? { ...bind, host: "127.0.0.1" } : bind, false);
      const owner = owners.get(address);
      owners.set(address, endpoint.name);
      if (owner === undefined) continue;
      const message =
        owner === endpoint.name
          ? `lists ${address} twice; remove one`
          : `${address} is already used by [endpoint:${owner}]; choose another address`;
      const value = valueOf(section, "bind");
      if (value) reportValue(section, value, report, message);
      else report({ file: section.file, line: section.line, section: section.name, key: "bind", message });
    }
  }
  return opened.map(([, endpoint]) => endpoint);
}

function namedEndpoints(
  endpoints: ReadonlyMap<Section, Endpoint>,
  { section, value }: { section: Section; value: IniValue },
  misnamed: readonly string[],
  report: Report,
): [Section, Endpoint][] {
  const names = [...new Set(parseList(value.text))];
  if (names.length === 0) reportValue(section, value, report, "is empty; name an endpoint, or remove this key");
  return names.flatMap((name) => {
    const found = [...endpoints].find(([, endpoint]) => endpoint.name === name);
    if (found) return [found];
    if (misnamed.includes(name)) return [];
    const near = suggestion(
      name,
      [...endpoints.values()].map((endpoint) => endpoint.name),
    );
    reportValue(section, value, report, `there is no section [endpoint:${name}]${near}`);
    return [];
  });
}

function toBinds(value: IniValue): Bind[] {
  const binds = value.text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (binds.length === 0) throw badValue("must be an address such as 127.0.0.1:5000, but is empty");
  return binds.map((bind) => parseBind(bind, value.file));
}

function toReadableFile(value: IniValue): string {
  return checkReadable(resolvePath(value.text, value.file));
}

function toMode({ text }: IniValue): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw badValue(`must be three octal digits (0600, 660), not ${JSON.stringify(text)}`);
  return Number.parseInt(text, 8);
}

function toUser({ text }: IniValue): number | string {
  if (text === "") throw badValue("must be a name or a number, but is empty");
  return /^\d+$/.test(text) ? parseInteger(text, 0, 2 ** 32 - 2) : text;
}

function toHosts(value: IniValue): string[] {
  return parseList(value.text).map((host) => {
    if (isHostName(host)) return host.toLowerCase();
    const ipv6 = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
    // The URL parser shortens an address the same way for the `Host` of a request. It does not support zones (%eth0).
    if (isIPv6(ipv6) && !ipv6.includes("%")) return new URL(`http://[${ipv6}]`).hostname;
    throw badValue(
      /:\d+$/.test(host)
        ? `must be host names without a port, not ${JSON.stringify(host)}`
        : `must be host names or IP addresses, not ${JSON.stringify(host)}`,
    );
  });
}
