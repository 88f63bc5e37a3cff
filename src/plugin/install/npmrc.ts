import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "ini";
import { GafferdError } from "../../errors.ts";

/** What npm would do to fetch a package. */
export interface NpmSettings {
  /** Where a package comes from: that of its scope, else the default one. Ends with a slash. */
  registryOf(name: string): string;
  /** The `authorization` header for a request; undefined when there is none for its host and path. */
  authorizationFor(url: URL): string | undefined;
}

export interface NpmPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of a project, whose `.npmrc` wins over that of the user. */
  readonly folder: string;
  /** Has the user's `.npmrc`, unless `npm_config_userconfig` names another. */
  readonly home: string;
}

const npmRegistry = "https://registry.npmjs.org/";

/**
 * Reads `.npmrc` as npm does: scopes (`@name:registry`), credentials (`//host/path/:_authToken`, `:_auth`, `:username` and
 * `:_password`) and `${VARIABLE}`. `npm_config_…` wins over the files. Throws GafferdError for a file that cannot be read.
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
    text = readFileSync(file, "utf8");
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
 * Replaces `${NAME}`. One that is not set stays as written, and `${NAME?}` becomes nothing then. A backslash protects it.
 */
function expand(text: string, env: NpmPlaces["env"]): string {
  return text.replaceAll(/(\\*)\$\{([^${}?]+)(\?)?\}/g, (written, backslashes: string, name: string, isOptional) => {
    if (backslashes.length % 2 === 1) return written.slice(1);
    return `${backslashes}${env[name] ?? (isOptional ? "" : written.slice(backslashes.length))}`;
  });
}

/** Those of the longest path that has any: `//host/a/b/`, then `//host/a/`, then `//host/`. */
function findAuthorization({ host, pathname }: URL, settings: Settings): string | undefined {
  const folders = pathname.split("/").filter((part) => part !== "");
  for (let depth = folders.length; depth >= 0; depth--) {
    const place = `//${[host, ...folders.slice(0, depth)].join("/")}`;
    // npm writes the slash before the colon, and people leave it out.
    const of = (key: string) => settings.get(`${place}/:${key}`) ?? settings.get(`${place}:${key}`);
    const token = of("_authToken");
    if (token !== undefined) return `Bearer ${token}`;
    const basic = of("_auth") ?? toBasic(of("username"), of("_password"));
    if (basic !== undefined) return `Basic ${basic}`;
  }
  return undefined;
}

/** `_password` is in base64. */
function toBasic(username: string | undefined, password: string | undefined): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return Buffer.from(`${username}:${Buffer.from(password, "base64").toString()}`).toString("base64");
}

function withSlash(registry: string): string {
  return registry.replace(/\/*$/, "/");
}
