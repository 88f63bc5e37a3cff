import { expect, test } from "bun:test";
import { relative, resolve } from "node:path";
import { loadConfig } from "../../src/config/config.ts";
import { createFolder } from "./folder.ts";

const { write, load, problemsOf } = createFolder();
const certFile = write("cert.pem", "cert");
const keyFile = write("key.pem", "key");

test("--bind replaces the endpoints of the file", () => {
  const { endpoints } = load("[endpoint:a]\nbind = 1\n[endpoint:b]\nbind = 2", { bind: "[::1]:7000" });
  expect(endpoints).toEqual([
    { ...loadConfig(undefined).endpoints[0], binds: [{ kind: "tcp", host: "::1", port: 7000 }] } as never,
  ]);
});

test("the TLS options apply to the default address, with paths relative to the working directory", () => {
  const fromHere = { certFile: relative(process.cwd(), certFile), keyFile: relative(process.cwd(), keyFile) };
  const [endpoint] = loadConfig(undefined, { ...fromHere, backlog: "7" }).endpoints;
  expect([endpoint?.binds[0], endpoint?.tls, endpoint?.backlog]).toEqual([
    { kind: "tcp", host: "127.0.0.1", port: 5000 },
    { certFile, keyFile },
    7,
  ]);
  expect(loadConfig(undefined, { bind: "unix:g.sock" }).endpoints[0]?.binds).toEqual([
    { kind: "unix", path: resolve("g.sock") },
  ]);
});

test("--plugins-dir wins over the file, and is relative to the working directory", () => {
  expect(load("[gaffer]\nplugins_dir = a", { pluginsDir: "b" }).gaffer.pluginsDir).toBe(resolve("b"));
});

test.each([
  [
    { bind: "nowhere" },
    '--bind: must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not "nowhere"',
  ],
  [
    { bind: ":5000" },
    "--bind: would let everyone who can reach http://*:5000 run commands; set `client_ca`, or `insecure = true` to allow this anyway, in an [endpoint:NAME] section",
  ],
  [{ certFile }, "--certfile: requires --keyfile"],
  [{ keyFile }, "--keyfile: requires --certfile"],
  [{ certFile: "/gone.pem", keyFile }, "--certfile: cannot read /gone.pem: no such file or directory"],
  [{ backlog: "many" }, '--backlog: must be a whole number from 1 to 65535, not "many"'],
  [{ backlog: 0 }, '--backlog: must be a whole number from 1 to 65535, not "0"'],
])("%j is refused", (overrides, problem) => {
  expect(problemsOf("", overrides)).toEqual([`command line: ${problem}`]);
});

test("options for an address are an error if the file defines endpoints", () => {
  const refusal = "requires --bind, because the configuration file defines endpoints";
  expect(problemsOf("[endpoint:a]", { certFile, keyFile, backlog: 5 })).toEqual([
    `command line: --certfile: ${refusal}`,
    `command line: --keyfile: ${refusal}`,
    `command line: --backlog: ${refusal}`,
  ]);
});

test("errors of the file and of the command line are reported together", () => {
  expect(problemsOf("[x]", { backlog: 0 })).toHaveLength(2);
});
