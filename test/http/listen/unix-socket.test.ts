import { describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { openEndpoints } from "../../../src/http/listen/endpoint.ts";
import { listenPrivately, ownerOf } from "../../../src/http/listen/unix-socket.ts";
import { waitFor } from "../../wait-for.ts";
import { curl, endpoint, listen, temporaryFolder } from "./listening.ts";
import { createService } from "../service.ts";

const isRoot = process.getuid?.() === 0;
const at = (path: string, settings: Parameters<typeof endpoint>[0] = {}) =>
  endpoint({ binds: [{ kind: "unix", path }], ...settings });
const modeOf = (path: string) => lstatSync(path).mode & 0o7777;
const namesIn = (folder: string) => readdirSync(folder).toSorted();

async function refusal(settings: ReturnType<typeof endpoint>): Promise<unknown> {
  const { app, log } = createService();
  const opened = await openEndpoints(app, [settings], { log }).catch((error: unknown) => error);
  if (opened instanceof Error) return opened;
  throw new Error(`it was opened: ${Bun.inspect(opened)}`);
}

async function messageFor(path: string): Promise<string> {
  return ((await refusal(at(path))) as Error).message;
}

/** The socket of a killed program. Bun and Node remove theirs when they close, so it is moved away meanwhile. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = await listenPlainly(`${path}.live`);
  renameSync(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
}

function listenPlainly(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", reject);
    server.listen(path, () => resolve(server));
  });
}

describe("access to a unix socket", () => {
  test("is for its owner only by default", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await using listening = await listen([at(path)]);
    expect(modeOf(path)).toBe(0o600);
    expect(listening.endpoints.urls).toEqual([`unix:${path}`]);
  });

  test.each([0o600, 0o660, 0o666, 0o620, 0o400])("follows the mode %o", async (mode) => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await using listening = await listen([at(path, { mode })]);
    expect(modeOf(path)).toBe(mode);
    expect(listening.endpoints.urls).toHaveLength(1);
  });

  test("is private even at the moment it is bound", () => {
    using folder = temporaryFolder();
    const before = process.umask(0);
    try {
      const path = `${folder.path}/s`;
      const mode = listenPrivately(() => {
        const server = Bun.serve({ unix: path, fetch: () => new Response() });
        const bound = modeOf(path);
        void server.stop(true);
        return bound;
      });
      expect(mode).toBe(0o600);
      expect(process.umask()).toBe(0);
    } finally {
      process.umask(before);
    }
  });

  test("restores the umask when binding fails", () => {
    const before = process.umask();
    expect(() =>
      listenPrivately(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(process.umask()).toBe(before);
  });

  test.skipIf(!isRoot)("can be given to another user or group, by number or name", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await using listening = await listen([at(path, { owner: "nobody", group: "daemon", mode: 0o660 })]);
    expect(listening.endpoints.urls).toHaveLength(1);
    const [nobody, daemon] = [await idOf("-u", "nobody"), await idOf("-g", "daemon")];
    expect(statSync(path)).toMatchObject({ uid: nobody, gid: daemon });
    expect(modeOf(path)).toBe(0o660);
    await using other = await listen([at(`${path}2`, { owner: String(nobody), group: daemon })]);
    expect(other.endpoints.urls).toHaveLength(1);
    expect(statSync(`${path}2`)).toMatchObject({ uid: nobody, gid: daemon });
  });

  test("can be given to a user or group that only a directory service knows", () => {
    using folder = temporaryFolder();
    const script = `#!/bin/sh\ncase "$1 $2" in "passwd ldap") echo ldap:x:7001:7002:::;; "group staff-l") echo staff-l:x:7003:;; *) exit 2;; esac`;
    writeFileSync(join(folder.path, "getent"), script, { mode: 0o755 });
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder.path}:${path}`;
    try {
      expect(ownerOf({ owner: "ldap", group: "staff-l" })).toEqual({ uid: 7001, gid: 7003 });
    } finally {
      process.env["PATH"] = path;
    }
  });

  test.each([
    [{ owner: "no-such-user" }, "there is no user `no-such-user`"],
    [{ group: "no-such-group" }, "there is no group `no-such-group`"],
  ])("cannot be %o; no socket is left behind", async (settings, message) => {
    using folder = temporaryFolder();
    expect(await refusal(at(`${folder.path}/s`, settings))).toMatchObject({
      code: "bad_value",
      message: expect.stringContaining(message),
    });
    expect(namesIn(folder.path)).toEqual([]);
  });
});

describe("an existing file at the path of a unix socket", () => {
  test("is replaced if it is the socket of a program that has ended", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await leaveStaleSocket(path);
    expect(lstatSync(path).isSocket()).toBeTrue();
    await using listening = await listen([at(path)]);
    expect(listening.endpoints.urls).toHaveLength(1);
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
  });

  test("is kept if a program is listening on it", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    await using listening = await listen([at(path)]);
    expect(await refusal(at(path))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining(
        `cannot listen on unix:${path} for [endpoint:main]: another program is listening on it`,
      ),
    });
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
    expect(listening.endpoints.urls).toHaveLength(1);
  });

  test.each(["file", "folder", "symlink"])("is kept if it is a %s", async (kind) => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    if (kind === "file") writeFileSync(path, "precious");
    else if (kind === "folder") mkdirSync(path);
    else symlinkSync(`${folder.path}/elsewhere`, path);
    expect(await refusal(at(path))).toMatchObject({
      code: "bad_value",
      message: expect.stringContaining("is not a socket"),
    });
    expect(namesIn(folder.path)).toEqual(["s"]);
  });

  test.skipIf(Bun.which("socat") === null)("is kept if it is a datagram socket", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    const receiver = Bun.spawn(["socat", "-u", `UNIX-RECV:${path}`, "-"], { stdout: "ignore", stderr: "ignore" });
    try {
      await waitFor(() => existsSync(path), "a datagram socket");
      expect(await refusal(at(path))).toMatchObject({ code: "conflict" });
      expect(namesIn(folder.path)).toEqual(["s"]);
    } finally {
      receiver.kill();
      await receiver.exited;
    }
  });

  test("is reported if a directory is missing, is a file, or the path is too long", async () => {
    using folder = temporaryFolder();
    expect(await messageFor(`${folder.path}/none/s`)).toContain(
      `the directory ${folder.path}/none does not exist; create it`,
    );
    writeFileSync(`${folder.path}/file`, "");
    expect(await messageFor(`${folder.path}/file/s`)).toContain(`${folder.path}/file is not a directory`);
    expect(await messageFor(`${folder.path}/${"x".repeat(120)}`)).toContain("107 bytes");
  });
});

describe("when gafferd stops, the file of a unix socket", () => {
  test("is removed as soon as it accepts no more connections", async () => {
    using folder = temporaryFolder();
    await using listening = await listen([at(`${folder.path}/s`)]);
    listening.endpoints.stopAccepting();
    expect(namesIn(folder.path)).toEqual([]);
  });

  test("is removed even if its mode was changed by hand", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    const listening = await listen([at(path)]);
    await Bun.$`chmod 666 ${path}`;
    await listening[Symbol.asyncDispose]();
    expect(namesIn(folder.path)).toEqual([]);
  });

  test("is kept if another program has replaced it", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    const listening = await listen([at(path)]);
    renameSync(path, `${path}.moved`);
    await using successor = await listen([at(path)]);
    listening.endpoints.stopAccepting();
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
    await listening[Symbol.asyncDispose]();
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
    expect(successor.endpoints.urls).toHaveLength(1);
    expect(namesIn(folder.path)).toEqual(["s", "s.moved"]);
  });

  test("is kept if another program has replaced it and close() is called at once", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    const listening = await listen([at(path)]);
    renameSync(path, `${path}.moved`);
    writeFileSync(path, "precious");
    await listening[Symbol.asyncDispose]();
    expect(namesIn(folder.path)).toEqual(["s", "s.moved"]);
  });

  test("is kept if another program took the path between the two steps of stopping", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/s`;
    const listening = await listen([at(path)]);
    listening.endpoints.stopAccepting();
    await using successor = await listen([at(path)]);
    await listening[Symbol.asyncDispose]();
    expect(successor.endpoints.urls).toHaveLength(1);
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
  });
});

async function idOf(option: string, name: string): Promise<number> {
  const command = option === "-g" ? ["getent", "group", name] : ["getent", "passwd", name];
  const [, , id] = (await Bun.$`${command}`.text()).split(":");
  return Number(id);
}

test.each(["localhost:99999", "a b", "[::1", "é"])("a request with the Host %j is answered", async (host) => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  await using _ = await listen([at(path)]);
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  await Bun.connect({
    unix: path,
    socket: {
      open: (socket) =>
        void socket.write(`GET /processes?detail=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
      data: (__, bytes) => void (answer += bytes.toString()),
      close: () => resolve(answer),
    },
  });
  expect(await promise).toStartWith("HTTP/1.1 200 ");
});
