import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";

const requestTimeoutMs = 60_000;
const maxTarballBytes = 128 * 1024 * 1024;

/** `name`, `@scope/name`, and behind an `@` a version, a range or a tag. */
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

/** The registry that npm and Bun would ask: of the environment, of `.npmrc` here and at home, else npm's. */
export function findRegistry(
  environment: NodeJS.ProcessEnv,
  folders: readonly string[] = [process.cwd(), homedir()],
): string {
  const { npm_config_registry, BUN_CONFIG_REGISTRY } = environment;
  const ofFiles = folders.map((folder) => readRegistry(join(folder, ".npmrc"))).find((each) => each !== undefined);
  const registry = BUN_CONFIG_REGISTRY || npm_config_registry || ofFiles || "https://registry.npmjs.org";
  return registry.replace(/\/*$/, "/");
}

/** Fetches a package's tarball, whose integrity is verified. Nothing of it is run. Throws GafferdError. */
export async function fetchPackage(spec: string, registry: string): Promise<Uint8Array> {
  const { name, wanted = "latest" } = specifier.exec(spec)?.groups ?? {};
  if (name === undefined) {
    throw new GafferdError("bad_value", `${JSON.stringify(spec)} is no folder, no tarball and no name of a package`);
  }
  const url = new URL(name.replace("/", "%2f"), registry);
  const accept = "application/vnd.npm.install-v1+json, application/json";
  const answer = await ask(url, accept);
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
      `${url} has no version \`${wanted}\` of \`${name}\`; the last ones are ${known}`,
    );
  }
  const tarball = await ask(new URL(dist.tarball, registry), "*/*");
  const bytes = await readWithin(maxTarballBytes, tarball);
  if (bytes === undefined) throw new GafferdError("too_large", `the tarball of \`${name}\` has more than 128 MiB`);
  assertIntact(bytes, dist, `${name}@${version}`);
  return bytes;
}

/** Undefined when there are more. */
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

function readRegistry(file: string): string | undefined {
  try {
    return /^\s*registry\s*=\s*"?([^"\s]+)/m.exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    // Nobody need have one.
    return undefined;
  }
}

async function ask(url: URL, accept: string): Promise<Response> {
  // Bun fetches files of this machine too.
  if (!/^https?:$/.test(url.protocol)) throw new GafferdError("bad_value", `cannot fetch ${url}: it is not HTTP`);
  let reason: string;
  try {
    const answer = await fetch(url, { headers: { accept }, signal: AbortSignal.timeout(requestTimeoutMs) });
    if (answer.ok) return answer;
    reason = `it answered ${answer.status}`;
  } catch (error) {
    reason = messageOf(error);
  }
  throw new GafferdError("not_found", `cannot fetch ${url}: ${reason}`);
}

function pickVersion({ "dist-tags": tags = {}, versions = {} }: Packument, wanted: string): string | undefined {
  if (Object.hasOwn(tags, wanted)) return tags[wanted];
  if (Object.hasOwn(versions, wanted)) return wanted;
  return Object.keys(versions)
    .filter((version) => Bun.semver.satisfies(version, wanted))
    .toSorted(Bun.semver.order)
    .at(-1);
}

/** By the strongest hash that the registry gives. */
function assertIntact(bytes: Uint8Array, { integrity, shasum }: Dist, what: string): void {
  const [, algorithm, expected] = /\b(sha512|sha384|sha256)-([A-Za-z\d+/=]+)/.exec(integrity ?? "") ?? [];
  const [hash, digest] =
    algorithm !== undefined && expected !== undefined
      ? [algorithm, Buffer.from(expected, "base64")]
      : ["sha1", Buffer.from(shasum ?? "", "hex")];
  const actual = createHash(hash).update(bytes).digest();
  if (digest.length === actual.length && timingSafeEqual(digest, actual)) return;
  const reason = digest.length === 0 ? "gives no hash of it" : `says that its ${hash} is another`;
  throw new GafferdError("conflict", `cannot trust the tarball of \`${what}\`: the registry ${reason}`);
}
