/** A request for a site, read from its URL: `http://host/_plugin/hello/docs/?q=1`. */
export interface SitePath {
  /** The plugin's, decoded. */
  readonly name: string;
  /** The names of folders and file below the site, decoded; undefined when one can be no name of a file that is served. */
  readonly segments: readonly string[] | undefined;
  /** It ends with a slash, or is the site itself. */
  readonly isFolder: boolean;
  /** It is the plugin's name alone, without a slash behind it. */
  readonly isBare: boolean;
  /** To be appended to what the URL must be instead: `./docs/?q=1`. */
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
  // `./`, so that no name of a file is read as a scheme, and none as a host.
  return { name, segments, isFolder, isBare, withSlash: `./${raw.at(-1) ?? first}/${query}` };
}

/**
 * What is decoded once, to one name of one file. No such name is empty, holds a separator or NUL, or begins with a dot:
 * that leaves no `.` and `..` in any spelling, and no hidden file.
 */
function decodeName(raw: string): string | undefined {
  try {
    const name = decodeURIComponent(raw);
    return /^[^./\\\0][^/\\\0]*$/.test(name) ? name : undefined;
  } catch {
    // No UTF-8.
    return undefined;
  }
}
