import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAccountFile } from "../../src/files/account-file.ts";
import { ownInstallation } from "../../src/files/installation.ts";
import { findUnsafePart, PathCheck } from "../../src/files/safe-path.ts";
import { canRun, isLinuxRoot } from "./as-root.ts";

const stranger = 4711;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/tmp/gafferd-safe-path-");
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/file"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** The unsafe part of a path below the folder, without the folder, and what is wrong with it. */
function faultOf(path: string, isFilled = false): string | undefined {
  const fault = new PathCheck().find(at(path), { isFilled });
  return fault && `${fault.part.slice(folder.length)} ${fault.what}; ${fault.remedy.replace(folder, "DIR")}`;
}

// Linux: elsewhere the groups of root are not known.
describe.if(isLinuxRoot)("as root", () => {
  test("a file of root that nobody else may write is safe, and so is one that does not exist", () => {
    expect(faultOf("sub/file")).toBeUndefined();
    expect(faultOf("sub/none/at/all")).toBeUndefined();
    expect(faultOf("sub/file/below")).toBeUndefined();
  });

  test.each(["sub/file", "sub", ""])("the owner of %j can change the file", (part) => {
    chownSync(at(part), stranger, stranger);
    const path = part === "" ? "" : `/${part}`;
    expect(faultOf("sub/file")).toBe(`${path} belongs to user 4711; run \`chown root DIR${path}\``);
  });

  test.each(["sub/file", "sub"])("all users can change the file if they may write %j", (part) => {
    chmodSync(at(part), 0o777);
    expect(faultOf("sub/file")).toBe(`/${part} may be written by all users; run \`chmod go-w DIR/${part}\``);
  });

  test.each(["sub/file", "sub"])("a group can change the file if it may write %j", (part) => {
    chownSync(at(part), 0, stranger);
    chmodSync(at(part), 0o775);
    expect(faultOf("sub/file")).toBe(
      `/${part} may be written by the members of group 4711; run \`chmod go-w DIR/${part}\``,
    );
  });

  test("a group of which root is the only member may write", () => {
    const hasOthers = readAccountFile("/etc/passwd").some(([name, , , gid]) => gid === "0" && name !== "root");
    chmodSync(at("sub"), 0o775);
    expect(faultOf("sub/file") === undefined).toBe(!hasOthers);
  });

  test("a group with other members may not write, and neither may one without members", () => {
    const nobody = readAccountFile("/etc/passwd").find(([name]) => name === "nobody");
    chmodSync(at("sub"), 0o775);
    for (const gid of [Number(nobody?.[3] ?? 65534), stranger]) {
      chownSync(at("sub"), 0, gid);
      expect(faultOf("sub/file")).toContain(`the members of group ${gid}`);
    }
  });

  test("the owner is named", () => {
    const [name = "", , uid = ""] = readAccountFile("/etc/passwd").find(([, , id]) => id !== "0") ?? [];
    chownSync(at("sub"), Number(uid), 0);
    expect(faultOf("sub/file")).toContain(`/sub belongs to user ${uid} (${name})`);
  });

  test("a link is as unsafe as its target, the folders above the target, and the folders above itself", () => {
    mkdirSync(at("links"));
    symlinkSync("../sub/../sub/file", at("links/relative"));
    symlinkSync(at("links/relative"), at("links/absolute"));
    symlinkSync(at("links"), at("folder"));
    const path = "folder/absolute";
    expect(faultOf(path)).toBeUndefined();
    for (const part of ["links", "sub", "sub/file"]) {
      chmodSync(at(part), 0o777);
      expect(faultOf(path)).toStartWith(`/${part} may be written`);
      chmodSync(at(part), 0o755);
    }
  });

  test("a link of somebody else is unsafe, wherever it leads", () => {
    symlinkSync("sub/file", at("link"));
    Bun.spawnSync(["chown", "-h", String(stranger), at("link")]);
    expect(faultOf("link")).toBe("/link belongs to user 4711; run `chown -h root DIR/link`");
  });

  test("a circle of links is no file", () => {
    symlinkSync("b", at("a"));
    symlinkSync("a", at("b"));
    expect(faultOf("a")).toBeUndefined();
  });

  test("a device that all users may write is left to whoever opens it", () => {
    expect(findUnsafePart("/dev/null")).toBeUndefined();
  });

  test("in a sticky folder such as /tmp, root's entries are safe, and those of others are not", () => {
    chmodSync(at("sub"), 0o1777);
    expect(faultOf("sub/file")).toBeUndefined();
    expect(faultOf("sub/none")).toBeUndefined();
    chownSync(at("sub/file"), stranger, stranger);
    expect(faultOf("sub/file")).toStartWith("/sub/file belongs to user 4711");
  });

  test("a sticky folder is unsafe itself if gafferd would use what others put into it", () => {
    chmodSync(at("sub"), 0o1777);
    expect(faultOf("sub", true)).toStartWith("/sub may be written by all users");
    expect(faultOf("sub")).toBeUndefined();
    expect(faultOf("sub/none", true)).toBeUndefined();
  });

  test("the command that mends it can be pasted into a shell", () => {
    mkdirSync(at("it's $HOME"), { mode: 0o777 });
    chmodSync(at("it's $HOME"), 0o777);
    const { remedy = "" } = findUnsafePart(at("it's $HOME")) ?? {};
    Bun.spawnSync(["sh", "-c", /`(.*)`/.exec(remedy)?.[1] ?? "false"]);
    expect(faultOf("it's $HOME")).toBeUndefined();
  });

  test("parts that were looked at once are not looked at again", () => {
    const check = new PathCheck();
    expect(check.find(at("sub/file"))).toBeUndefined();
    chmodSync(at("sub"), 0o777);
    expect(check.find(at("sub/other"))).toBeUndefined();
    expect(new PathCheck().find(at("sub/other"))).toBeDefined();
  });

  test.skipIf(!canRun(["unshare", "--user", "--map-root-user"]))(
    "an owner that a user namespace does not map is somebody else, and the reason says so",
    () => {
      chownSync(at("sub"), stranger, stranger);
      const found = findElsewhere(at("sub"), { under: ["unshare", "--user", "--map-root-user"] });
      expect(found).toContain("which may be any user that this user namespace does not map");
      expect(found).toContain("give it to a user of this namespace from outside");
    },
  );

  test.skipIf(!canRun(["unshare", "--mount"]))("permissions on a read-only mount are not counted, owners are", () => {
    chmodSync(at("sub"), 0o777);
    chmodSync(at("sub/file"), 0o666);
    const mount = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"`;
    const under = ["unshare", "--mount", "sh", "-c", mount, at("sub")];
    expect(findElsewhere(at("sub/file"), { under })).toBe('"safe"');
    chownSync(at("sub"), stranger, stranger);
    expect(findElsewhere(at("sub/file"), { under })).toContain("belongs to user 4711");
  });

  describe("gafferd's own folder", () => {
    const repository = join(import.meta.dir, "../..");
    beforeEach(() => {
      cpSync(join(repository, "src/files"), at("clone/src/files"), { recursive: true });
      cpSync(join(repository, "src/libc.ts"), at("clone/src/libc.ts"));
      mkdirSync(at("clone/examples"));
      writeFileSync(at("clone/examples/gaffer.ini"), "");
    });

    test.each([
      ["of somebody else", "chown -R 4711:4711 clone"],
      ["that all may write", "chmod -R a+w clone"],
      ["that a group may write", "chgrp -R 4711 clone; chmod -R g+w clone"],
      ["in a folder of somebody else that all may write", "chown 4711 .; chmod 777 .; chown -R 4711 clone"],
    ])("%s is as safe as gafferd itself", (_, spoil) => {
      runInFolder(spoil);
      expect(findExample()).toBe('"safe"');
    });

    test.each([
      ["of a third user", "chown -R 4711 clone; chown 4712 clone/examples", "belongs to user 4712"],
      ["that all may write, unlike the code", "chmod a+w clone/examples/gaffer.ini", "may be written by all users"],
      [
        "that leads out of it",
        "touch x; chown 4711 x; ln -sf ../../x clone/examples/gaffer.ini",
        "belongs to user 4711",
      ],
    ])("a part of it %s is not", (_, spoil, reason) => {
      runInFolder(spoil);
      expect(findExample()).toContain(reason);
    });

    test("whoever owns the code does not own files outside of it", () => {
      runInFolder("chown -R 4711 clone; mkdir other; chown 4711 other");
      expect(findElsewhere(at("other"), { code: at("clone") })).toContain("belongs to user 4711");
    });
  });
});

test("gafferd knows the folder of its own code", () => {
  expect(ownInstallation()?.folder).toBe(join(import.meta.dir, "../.."));
});

const finder = `
  const { findUnsafePart } = await import(process.argv[1]);
  process.stdout.write(JSON.stringify(findUnsafePart(process.argv[2]) ?? "safe"));
`;
/** What is found by another program, in another namespace or from another copy of the code. */
function findElsewhere(path: string, { under = [], code = "" }: { under?: string[]; code?: string } = {}): string {
  const module = join(code || join(import.meta.dir, "../.."), "src/files/safe-path.ts");
  return Bun.spawnSync([...under, process.execPath, "-e", finder, module, path]).stdout.toString();
}

/** What is found for an example by a clone of gafferd. */
function findExample(): string {
  return findElsewhere(at("clone/examples/gaffer.ini"), { code: at("clone") });
}

function runInFolder(command: string): void {
  Bun.spawnSync(["sh", "-c", command], { cwd: folder });
}
