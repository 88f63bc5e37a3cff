import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createFolder } from "./folder.ts";

const { folder, write, load, problemsOf } = createFolder();
const certFile = write("cert.pem", "cert");
const keyFile = write("key.pem", "key");
const clientCaFile = write("ca.pem", "ca");

const tls = "certfile = cert.pem\nkeyfile = key.pem";

test("an endpoint is read with all its settings", () => {
  const text = `[endpoint:public]
bind = :8443, [::]:8443
  unix:run/g.sock
backlog = 4096
${tls}
client_ca = ca.pem
mode = 0660
owner = www
group = 33
auth = false
insecure = true
hosts = Gaffer.example.org, [2001:DB8:0::1] ::2 10.0.0.1`;
  expect(load(text).endpoints).toEqual([
    {
      name: "public",
      binds: [
        { kind: "tcp", host: "", port: 8443 },
        { kind: "tcp", host: "::", port: 8443 },
        { kind: "unix", path: join(folder, "run/g.sock") },
      ],
      backlog: 4096,
      tls: { certFile, keyFile, clientCaFile },
      mode: 0o660,
      owner: "www",
      group: 33,
      auth: false,
      insecure: true,
      hosts: ["gaffer.example.org", "[2001:db8::1]", "[::2]", "10.0.0.1"],
    },
  ]);
});

test("an empty endpoint section has the default address", () => {
  const [endpoint] = load("[endpoint:local]").endpoints;
  expect(endpoint).toEqual({ ...load("").endpoints[0], name: "local" } as never);
});

const opened = (text: string) => load(text).endpoints.map(({ name }) => name);

describe("endpoints", () => {
  const two = "[endpoint:a]\nbind = 127.0.0.1:1\n[endpoint:b]\nbind = 127.0.0.1:2\n";
  test("are all opened if http_endpoints is not set", () => {
    expect(opened(two)).toEqual(["a", "b"]);
  });

  test("are opened in the order of http_endpoints", () => {
    expect(opened(`${two}[gaffer]\nhttp_endpoints = b`)).toEqual(["b"]);
    expect(opened(`${two}[gaffer]\nhttp_endpoints = b, a b`)).toEqual(["b", "a"]);
  });

  test("that do not exist are an error with the most similar name", () => {
    expect(problemsOf(`[endpoint:public]\n[gaffer]\nhttp_endpoints = publik`)).toEqual([
      "gaffer.ini:3: [gaffer] http_endpoints: there is no section [endpoint:publik]; did you mean `public`?",
    ]);
    expect(problemsOf(`[gaffer]\nhttp_endpoints =`)).toEqual([
      "gaffer.ini:2: [gaffer] http_endpoints: is empty; name an endpoint, or remove this key",
    ]);
  });

  test("must not have the same address", () => {
    expect(problemsOf("[endpoint:a]\nbind = localhost:1\n[endpoint:b]\nbind = [::1]:1, 127.0.0.1:1")).toEqual([
      "gaffer.ini:4: [endpoint:b] bind: http://127.0.0.1:1 is already used by [endpoint:a]; choose another address",
    ]);
    expect(problemsOf("[endpoint:a]\n[endpoint:b]")).toEqual([
      "gaffer.ini:2: [endpoint:b] bind: http://127.0.0.1:5000 is already used by [endpoint:a]; choose another address",
    ]);
    expect(problemsOf("[endpoint:a]\nbind = 127.0.0.1:1, 1")).toEqual([
      "gaffer.ini:2: [endpoint:a] bind: lists http://127.0.0.1:1 twice; remove one",
    ]);
    expect(problemsOf(`[endpoint:a]\nbind = 1\n${tls}\n[endpoint:b]\nbind = 1`)).toEqual([
      "gaffer.ini:6: [endpoint:b] bind: http://127.0.0.1:1 is already used by [endpoint:a]; choose another address",
    ]);
  });

  test("may all have port 0, and may share an address if only one is opened", () => {
    expect(opened("[endpoint:a]\nbind = 0\n[endpoint:b]\nbind = 0")).toEqual(["a", "b"]);
    expect(opened("[endpoint:a]\nbind = 1\n[endpoint:b]\nbind = 1\n[gaffer]\nhttp_endpoints = a")).toEqual(["a"]);
  });
});

describe("an address that other machines can reach", () => {
  const refusal =
    "gaffer.ini:2: [endpoint:a] bind: would let everyone who can reach http://*:1 run commands; set `client_ca`, or `insecure = true` to allow this anyway";

  test.each([
    ["bind = :1", refusal],
    [`bind = :1\n${tls}`, refusal],
    ["bind = :1\nauth = false", refusal],
    ["bind = :1\ninsecure = no", refusal],
    [`bind = 127.0.0.1:1, example.org:1`, refusal.replace("*", "example.org")],
    [
      `bind = :1\n${tls}\nclient_ca = ca.pem\nauth = off`,
      "gaffer.ini:6: [endpoint:a] auth: must be true, because other machines can reach http://*:1; set `insecure = true` to allow this anyway",
    ],
  ])("is refused with %j", (lines, problem) => {
    expect(problemsOf(`[endpoint:a]\n${lines}`)).toEqual([problem]);
  });

  test.each([
    `bind = :1\n${tls}\nclient_ca = ca.pem`,
    "bind = :1\ninsecure = true",
    "bind = :1\ninsecure = true\nauth = false",
    "bind = 127.0.0.1:1, [::1]:1, unix:x\nauth = false",
  ])("is opened with %j", (lines) => {
    expect(problemsOf(`[endpoint:a]\n${lines}`)).toEqual([]);
  });
});

test.each([
  ["bind =", "bind: must be an address such as 127.0.0.1:5000, but is empty"],
  ["backlog = 0", 'backlog: must be a whole number from 1 to 65535, not "0"'],
  ["certfile = cert.pem", "certfile: requires `keyfile`; set both"],
  ["keyfile = key.pem", "keyfile: requires `certfile`; set both"],
  ["client_ca = ca.pem", "client_ca: requires `certfile` and `keyfile`; set all three"],
  [
    "mode = 0600",
    "mode: applies only to unix sockets, and `bind` has none; add unix:PATH to `bind`, or remove this key",
  ],
  ["auth = maybe", 'auth: must be true or false (yes or no, on or off, 1 or 0), not "maybe"'],
  ["hosts = a:80", 'hosts: must be host names without a port, not "a:80"'],
  ["hosts = a, ../b", 'hosts: must be host names or IP addresses, not "../b"'],
  ["hots = a", "hots: unknown key; did you mean `hosts`?"],
])("the line %j is refused", (line, problem) => {
  expect(problemsOf(`[endpoint:a]\n${line}`)).toEqual([`gaffer.ini:2: [endpoint:a] ${problem}`]);
});

test.each([
  ["mode = 9", 'mode: must be three octal digits (0600, 660), not "9"'],
  ["mode = 0o600", 'mode: must be three octal digits (0600, 660), not "0o600"'],
  ["owner =", "owner: must be a name or a number, but is empty"],
  ["group = 4294967295", 'group: must be a whole number from 0 to 4294967294, not "4294967295"'],
])("the line %j of a unix socket is refused", (line, problem) => {
  expect(problemsOf(`[endpoint:a]\nbind = unix:x\n${line}`)).toEqual([`gaffer.ini:3: [endpoint:a] ${problem}`]);
});

test("a certificate that cannot be read is a configuration error", () => {
  expect(problemsOf("[endpoint:a]\ncertfile = gone.pem\nkeyfile = .")).toEqual([
    "gaffer.ini:2: [endpoint:a] certfile: cannot read gone.pem: no such file or directory",
    `gaffer.ini:3: [endpoint:a] keyfile: cannot read ${folder}: it is not a file`,
  ]);
});
