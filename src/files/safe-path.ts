import { accessSync, constants, lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describeGroup, describeOwner, isGroupOfRoot, isUnmapped } from "./file-owner.ts";
import { type Installation, ownInstallation } from "./installation.ts";

/** A part of a path that somebody other than root and gafferd's user can change. */
export interface PathFault {
  /** The file, folder or link. */
  readonly part: string;
  /** What is wrong: `belongs to user 1000 (app)`. */
  readonly what: string;
  /** What to do: ``run `chown root /srv/app` ``. */
  readonly remedy: string;
}

export interface FindOptions {
  /** gafferd creates files in this folder, or uses what it finds there: nobody else may add any. Default: `false`. */
  readonly isFilled?: boolean | undefined;
}

const maxLinks = 40;
const [group, others, sticky] = [0o020, 0o002, 0o1000];

/**
 * Checks paths and remembers the parts that it has looked at. Use one for the paths of one moment.
 *
 * A part is safe if it belongs to root or gafferd's user, and nobody else may write it. Not counted are a group of which
 * root is the only member, and permissions that a read-only mount makes useless. A folder with the sticky bit, such as
 * `/tmp`, may be writable by all: only the owner of an entry can replace it. In gafferd's own folder, a part is also safe if
 * only those can change it who can change gafferd's code.
 */
export class PathCheck {
  readonly #parts = new Map<string, Part>();

  /** The first unsafe part of an absolute path, or of the links in it. Parts that do not exist are skipped. */
  find(path: string, { isFilled = false }: FindOptions = {}): PathFault | undefined {
    const { parts, isComplete } = this.#walk(path);
    const last = parts.at(-1);
    const own = ownInstallation()?.folder ?? "";
    const isOwn = own !== "" && last !== undefined && isWithin(last.path, own);
    // Who can change a folder above gafferd's own can exchange gafferd.
    const unsafe = parts.find((part) => part.fault !== undefined && !(isOwn && isAbove(part.path, own)));
    return unsafe?.fault ?? (isFilled && isComplete ? last?.faultIfFilled : undefined);
  }

  /** The parts that exist, from `/` on, with each link before the parts of its target. */
  #walk(path: string): { parts: Part[]; isComplete: boolean } {
    const waiting = ["", ...namesIn(resolve(path))];
    const parts: Part[] = [];
    let place = "/";
    let links = 0;
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (name === "..") {
        place = dirname(place);
        continue;
      }
      const part = this.#look(join(place, name));
      // Opening the path reports why it does not exist.
      if (part === undefined || (part.target !== undefined && ++links > maxLinks)) return { parts, isComplete: false };
      parts.push(part);
      if (part.target === undefined) place = part.path;
      else {
        if (part.target.startsWith("/")) place = "/";
        waiting.unshift(...namesIn(part.target));
      }
    }
    return { parts, isComplete: true };
  }

  #look(path: string): Part | undefined {
    const known = this.#parts.get(path);
    if (known !== undefined) return known;
    try {
      const stat = lstatSync(path);
      const part = { path, ...judge(path, stat), target: stat.isSymbolicLink() ? readlinkSync(path) : undefined };
      this.#parts.set(path, part);
      return part;
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException).code === "string") return undefined;
      throw error;
    }
  }
}

/** The same for one path. */
export function findUnsafePart(path: string): PathFault | undefined {
  return new PathCheck().find(path);
}

interface Part extends Verdict {
  readonly path: string;
  /** Defined for a link. */
  readonly target: string | undefined;
}

interface Verdict {
  readonly fault?: PathFault;
  /** Present for a folder with the sticky bit to which others may add entries. */
  readonly faultIfFilled?: PathFault;
}

function judge(part: string, stat: Stats): Verdict {
  const { uid, gid, mode } = stat;
  const own = ownInstallation();
  const code = own !== undefined && isWithin(part, own.folder) ? own : undefined;
  if (![0, process.geteuid?.(), code?.uid].includes(uid)) return { fault: foreign(part, stat) };
  // The permissions of a link have no meaning, and what is neither a file nor a folder is refused when it is opened.
  if (!stat.isFile() && !stat.isDirectory()) return {};
  const writers = isWritable(mode, others, code) ? others : isWritableByGroup(stat, code) ? group : 0;
  if (writers === 0 || isReadOnly(part)) return {};
  const what =
    writers === others ? "may be written by all users" : `may be written by the members of ${describeGroup(gid)}`;
  const fault = { part, what, remedy: `run \`chmod go-w ${quote(part)}\`` };
  return stat.isDirectory() && (mode & sticky) !== 0 ? { faultIfFilled: fault } : { fault };
}

function foreign(part: string, stat: Stats): PathFault {
  const what = `belongs to ${describeOwner(stat.uid)}`;
  if (isUnmapped(stat.uid)) return { part, what, remedy: "give it to a user of this namespace from outside" };
  return { part, what, remedy: `run \`chown ${stat.isSymbolicLink() ? "-h " : ""}root ${quote(part)}\`` };
}

function isWritable(mode: number, bit: number, code: Installation | undefined): boolean {
  return (mode & bit) !== 0 && ((code?.mode ?? 0) & bit) === 0;
}

function isWritableByGroup({ mode, gid }: Stats, code: Installation | undefined): boolean {
  return isWritable(mode, group, code?.gid === gid ? code : undefined) && !isGroupOfRoot(gid);
}

/** Such as a ConfigMap of Kubernetes, whose folder is writable by all according to its mode. */
function isReadOnly(part: string): boolean {
  try {
    accessSync(part, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || isAbove(folder, path);
}

function isAbove(folder: string, path: string): boolean {
  return folder === "/" ? path !== "/" : path.startsWith(`${folder}/`);
}

function namesIn(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** As a shell reads it. */
function quote(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
