import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";

const maxLinks = 40;
const [groupOrOthersMayWrite, sticky] = [0o022, 0o1000];

/**
 * Finds the first part of an absolute path, or of the links in it, that somebody other than root and gafferd's user can
 * change, and returns a sentence about it. Undefined if there is none. A folder with the sticky bit, such as `/tmp`, may be
 * writable by all: only the owner of an entry can replace it. Parts that do not exist are skipped.
 */
export function findUnsafePart(path: string): string | undefined {
  const waiting = resolve(path).split("/").filter(Boolean);
  let place = "/";
  let links = 0;
  let fault = faultOf("/", lstatSync("/"));
  while (fault === undefined && waiting.length > 0) {
    const next = waiting.shift() ?? "";
    if (next === "..") {
      place = dirname(place);
      continue;
    }
    const part = join(place, next);
    const stat = lstatSync(part, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    fault = faultOf(part, stat);
    if (!stat.isSymbolicLink()) {
      place = part;
      continue;
    }
    if (++links > maxLinks) return `${path} has too many links`;
    const target = readlinkSync(part);
    if (target.startsWith("/")) place = "/";
    waiting.unshift(...target.split("/").filter((name) => name !== "" && name !== "."));
  }
  return fault;
}

function faultOf(part: string, stat: Stats): string | undefined {
  const { uid, mode } = stat;
  if (uid !== 0 && uid !== process.geteuid?.()) return `${part} belongs to user ${uid}`;
  if (stat.isSymbolicLink() || (mode & groupOrOthersMayWrite) === 0) return undefined;
  if (stat.isDirectory() && (mode & sticky) !== 0) return undefined;
  return `${part} may be written by ${(mode & 0o002) === 0 ? "its group" : "all users"} (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`;
}
