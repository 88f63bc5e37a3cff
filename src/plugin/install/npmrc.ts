import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "ini";
import { GafferdError } from "../../errors.ts";
import { readFileText } from "../../files/open-file.ts";

/** The npm settings that matter for downloading a package. */
export interface NpmSettings {
  /** The registry of a package: the one of its scope, otherwise the default. Ends with a slash. */
  registryOf(name: string): string;
  /** The `authorization` header for a request. Undefined if there are no credentials for its host and path. */
  authorizationFor(url: URL): string | undefined;
}

export interface NpmPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project folder. Its `.npmrc` takes precedence over the user's. */
  readonly folder: string;
  /** The home folder, with the user's `.npmrc` unless `npm_config_userconfig` names another file. */
  readonly home: string;
}

const npmRegistry = "https://registry.npmjs.org/";

/**
 * Reads `.npmrc` as npm does: scopes (`@name:registry`), credentials (`//host/path/:_authToken`, `:_auth`, `:username` and
 * `:_password`) and `${VARIABLE}`. `npm_config_…` variables take precedence. Throws GafferdError for an unreadable file.
 */
export function readNpmSettings({ env, folder, home }: NpmPlaces = here()): NpmSettings {
  const ofUser = env["npm_config_userconfig"] || join(home, ".npmrc");
  const settings = new Map([
    ...readNpmrc(ofUser, env),
    ...readNpmrc(join(folder, ".npmrc"), env),
    ...fromEnvironment(env),
  ]);
  const registry = env["BUN_CONFIG_REGISTRY"] || settings.get("registry") || npmRegistry;
  return {
    registryOf(name) {
      const scope = name.startsWith("@") ? name.split("/", 1)[0] : undefined;
      return withSlash((scope && settings.get(`${scope}:registry`)) || registry);
    },
    authorizationFor: (url) => findAuthorization(url, settings),
  };
}

function here(): NpmPlaces {
  return { env: process.env, folder: process.cwd(), home: homedir() };
}

type Settings = ReadonlyMap<string, string>;

function readNpmrc(file: string, env: NpmPlaces["env"]): Settings {
  let text: string;
  try {
    text = readFileText(file, { maxBytes: 1024 * 1024 });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return new Map();
    throw new GafferdError("bad_value", `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  const entries = Object.entries(parse(text)).filter(([, value]) => typeof value !== "object");
  return new Map(entries.map(([key, value]) => [expand(key, env), expand(String(value), env)]));
}

/** `npm_config_registry`, `npm_config_@acme:registry`, `npm_config_//npm.acme.example/:_authToken`. */
function fromEnvironment(env: NpmPlaces["env"]): Settings {
  return new Map(
    Object.entries(env).flatMap(([name, value]) => {
      const [, key] = /^npm_config_(registry|@.+:registry|\/\/.+)$/i.exec(name) ?? [];
      return key === undefined || !value ? [] : [[key.startsWith("//") ? key : key.toLowerCase(), value] as const];
    }),
  );
}

/**
 * Replaces `${NAME}`. If the variable is not set, `${NAME}` is kept and `${NAME?}` is removed. A backslash escapes it.
 */
function expand(text: string, env: NpmPlaces["env"]): string {
  return text.replaceAll(/(\\*)\$\{([^${}?]+)(\?)?\}/g, (written, backslashes: string, name: string, isOptional) => {
    if (backslashes.length % 2 === 1) return written.slice(1);
    return `${backslashes}${env[name] ?? (isOptional ? "" : written.slice(backslashes.length))}`;
  });
}

/** Uses the credentials of the longest matching path: `//host/a/b/`, then `//host/a/`, then `//host/`. */
function findAuthorization({ host, pathname }: URL, settings: Settings): string | undefined {
  const folders = pathname.split("/").filter((part) => part !== "");
  for (let depth = folders.length; depth >= 0; depth--) {
    const place = `//${[host, ...folders.slice(0, depth)].join("/")}`;
    // npm writes a slash before the colon, but people often omit it.
    const of = (key: string) => settings.get(`${place}/:${key}`) ?? settings.get(`${place}:${key}`);
    const token = of("_authToken");
    if (token !== undefined) return `Bearer ${token}`;
    const basic = of("_auth") ?? toBasic(of("username"), of("_password"));
    if (basic !== undefined) return `Basic ${basic}`;
  }
  return undefined;
}

/** `_password` is base64-encoded. */
function toBasic(username: string | undefined, password: string | undefined): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return Buffer.from(`${username}:${Buffer.from(password, "base64").toString()}`).toString("base64");
}

function withSlash(registry: string): string {
  return registry.replace(/\/*$/, "/");
}
