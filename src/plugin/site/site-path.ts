/** A parsed URL of a site: `http://host/_plugin/hello/docs/?q=1`. */
export interface SitePath {
  /** The name of the plugin, decoded. */
  readonly name: string;
  /** The path below the site, decoded; undefined if a segment is not a name that gafferd serves. */
  readonly segments: readonly string[] | undefined;
  /** Whether the path ends with a slash, or is the site itself. */
  readonly isFolder: boolean;
  /** Whether the URL ends with the plugin's name, without a slash. */
  readonly isBare: boolean;
  /** A relative URL with a slash at the end, to redirect to: `./docs/?q=1`. */
  readonly withSlash: string;
}

const sitePath = /^\w+:\/\/[^/]*\/_plugin\/(?<rest>[^/?#][^?#]*)(?<query>\?[^#]*)?/;

/** Undefined for a URL that is not below `/_plugin/`. */
export function parseSitePath(url: string): SitePath | undefined {
  const { rest, query = "" } = sitePath.exec(url)?.groups ?? {};
  if (rest === undefined) return undefined;
  const [first = "", ...raw] = rest.split("/");
  const name = decodeName(first);
  if (name === undefined) return undefined;
  const isBare = raw.length === 0;
  const isFolder = raw.at(-1) === "";
  const names = (isFolder ? raw.slice(0, -1) : raw).map(decodeName);
  const segments = names.every((each) => each !== undefined) ? names : undefined;
  // `./`, so that a file name cannot be mistaken for a scheme or a host.
  return { name, segments, isFolder, isBare, withSlash: `./${raw.at(-1) ?? first}/${query}` };
}

/**
 * Decodes a segment once, to the name of a file. Undefined if it is empty, contains a separator or NUL, or begins with a
 * dot. This excludes `.` and `..` in every spelling, and hidden files.
 */
function decodeName(raw: string): string | undefined {
  try {
    const name = decodeURIComponent(raw);
    return /^[^./\\\0][^/\\\0]*$/.test(name) ? name : undefined;
  } catch {
    // Not UTF-8.
    return undefined;
  }
}
