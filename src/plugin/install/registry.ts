import { createHash, timingSafeEqual } from "node:crypto";
import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";
import type { NpmSettings } from "./npmrc.ts";

const requestTimeoutMs = 60_000;
const maxTarballBytes = 128 * 1024 * 1024;

/** `name` or `@scope/name`, optionally followed by `@` and a version, a range or a tag. */
const specifier = /^(?<name>(?:@[a-z\d~-][\w.~-]*\/)?[a-z\d~-][\w.~-]*)(?:@(?<wanted>[^@/]+))?$/;

interface Packument {
  readonly "dist-tags"?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, { readonly dist: Dist }>>;
}

interface Dist {
  readonly tarball: string;
  readonly integrity?: string;
  readonly shasum?: string;
}

/** Downloads the tarball of a package and verifies its integrity. Does not run any of its code. Throws GafferdError. */
export async function fetchPackage(spec: string, settings: NpmSettings): Promise<Uint8Array> {
  const { name, wanted = "latest" } = specifier.exec(spec)?.groups ?? {};
  if (name === undefined) {
    throw new GafferdError("bad_value", `${JSON.stringify(spec)} is neither a folder, a tarball nor a package name`);
  }
  const registry = settings.registryOf(name);
  if (!URL.canParse(registry))
    throw new GafferdError("bad_value", `cannot fetch \`${name}\`: the registry \`${registry}\` is not a URL`);
  const url = new URL(name.replace("/", "%2f"), registry);
  const accept = "application/vnd.npm.install-v1+json, application/json";
  const answer = await ask(url, { accept, settings });
  const packument = (await answer.json().catch(() => ({}))) as Packument;
  const version = pickVersion(packument, wanted);
  const dist = version === undefined ? undefined : packument.versions?.[version]?.dist;
  if (dist === undefined) {
    const known =
      Object.keys(packument.versions ?? {})
        .slice(-5)
        .join(", ") || "none";
    throw new GafferdError(
      "not_found",
      `cannot fetch \`${name}\`: ${url} has no version \`${wanted}\`; the latest ones are ${known}`,
    );
  }
  const tarball = await ask(new URL(dist.tarball, registry), { accept: "*/*", settings });
  const bytes = await readWithin(maxTarballBytes, tarball);
  if (bytes === undefined)
    throw new GafferdError("too_large", `cannot fetch \`${name}\`: its tarball is larger than 128 MiB`);
  assertIntact(bytes, dist, `${name}@${version}`);
  return bytes;
}

/** Reads a body. Undefined if it has more than `maxBytes`. */
async function readWithin(maxBytes: number, { body }: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function ask(url: URL, { accept, settings }: { accept: string; settings: NpmSettings }): Promise<Response> {
  const { href } = Object.assign(new URL(url), { username: "", password: "" });
  // Bun's `fetch` also reads local files.
  if (!/^https?:$/.test(url.protocol)) throw new GafferdError("bad_value", `cannot fetch ${href}: not an HTTP URL`);
  const authorization = settings.authorizationFor(url);
  let reason: string;
  try {
    const headers = { accept, ...(authorization !== undefined && { authorization }) };
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(requestTimeoutMs) });
    if (answer.ok) return answer;
    reason = `the server answered ${answer.status}${adviceOn(answer.status, url, authorization)}`;
  } catch (error) {
    reason = messageOf(error);
  }
  throw new GafferdError("not_found", `cannot fetch ${href}: ${reason}`);
}

/** Registries also answer 404 if the credentials do not allow access to a package. */
function adviceOn(status: number, { host }: URL, authorization: string | undefined): string {
  if (![401, 403, 404].includes(status)) return "";
  if (authorization !== undefined) return status === 404 ? "" : `; check the credentials for ${host} in .npmrc`;
  return `; a private package needs \`//${host}/:_authToken=…\` in .npmrc`;
}

function pickVersion({ "dist-tags": tags = {}, versions = {} }: Packument, wanted: string): string | undefined {
  if (Object.hasOwn(tags, wanted)) return tags[wanted];
  if (Object.hasOwn(versions, wanted)) return wanted;
  return Object.keys(versions)
    .filter((version) => Bun.semver.satisfies(version, wanted))
    .toSorted(Bun.semver.order)
    .at(-1);
}

/** Verifies the strongest hash that the registry provides. */
function assertIntact(bytes: Uint8Array, { integrity, shasum }: Dist, what: string): void {
  const [, algorithm, expected] = /\b(sha512|sha384|sha256)-([A-Za-z\d+/=]+)/.exec(integrity ?? "") ?? [];
  const [hash, digest] =
    algorithm !== undefined && expected !== undefined
      ? [algorithm, Buffer.from(expected, "base64")]
      : ["sha1", Buffer.from(shasum ?? "", "hex")];
  const actual = createHash(hash).update(bytes).digest();
  if (digest.length === actual.length && timingSafeEqual(digest, actual)) return;
  const reason = digest.length === 0 ? "the registry provides no hash" : `its ${hash} hash differs from the registry's`;
  throw new GafferdError("conflict", `cannot verify the tarball of \`${what}\`: ${reason}`);
}
