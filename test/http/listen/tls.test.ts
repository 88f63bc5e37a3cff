import { beforeAll, afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { openEndpoints } from "../../../src/http/listen/endpoint.ts";
import { anyPort, curl, echoOf, endpoint, listen, temporaryFolder } from "./listening.ts";
import { createService } from "../service.ts";

let folder: ReturnType<typeof temporaryFolder>;
const file = (name: string) => `${folder.path}/${name}`;

/** Self-signed certificates, so each is also a certificate authority. */
async function makeCertificate(name: string): Promise<void> {
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file(`${name}.key`)];
  await Bun.$`openssl req -x509 ${key} -days 1 -subj /CN=${name} -addext ${names} -out ${file(`${name}.pem`)}`.quiet();
}

beforeAll(async () => {
  folder = temporaryFolder();
  await Promise.all(["server", "client", "stranger"].map(makeCertificate));
  await Bun.$`openssl ec -aes128 -passout pass:secret -in ${file("server.key")} -out ${file("locked.key")}`.quiet();
  writeFileSync(file("empty.pem"), "");
});

afterAll(() => folder[Symbol.dispose]());

const as = (name: string) => ["--cert", file(`${name}.pem`), "--key", file(`${name}.key`)];
const tls = (names: { cert?: string; key?: string; ca?: string } = {}) => ({
  certFile: file(names.cert ?? "server.pem"),
  keyFile: file(names.key ?? "server.key"),
  ...(names.ca === undefined ? {} : { clientCaFile: file(names.ca) }),
});

describe("an endpoint with a certificate", () => {
  test("answers only over TLS", async () => {
    await using listening = await listen([endpoint({ tls: tls() })]);
    expect(listening.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const trusting = ["--cacert", file("server.pem")];
    expect(await curl(...trusting, `${listening.url}/ping`)).toEqual({ exit: 0, status: 200, text: "OK" });
    expect((await curl(`${listening.url}/ping`)).exit).not.toBe(0);
    expect((await curl(`http://127.0.0.1:${listening.port}/ping`)).status).toBe(0);
  });

  test("accepts https as its own origin, whatever the length of the host", async () => {
    await using listening = await listen([endpoint({ tls: tls(), hosts: ["d"] })]);
    const ask = (...args: string[]) => curl("--insecure", ...args, `${listening.url}/ping`);
    expect((await ask("-H", `Origin: ${listening.url}`)).status).toBe(200);
    expect((await ask("-H", `Origin: ${listening.url.replace("https", "http")}`)).status).toBe(403);
    expect((await ask("-H", "Host: d")).status).toBe(200);
  });

  test("supports WebSockets", async () => {
    await using listening = await listen([endpoint({ tls: tls() })]);
    expect(await echoOf(listening.url)).toBe("hello");
  });

  test("does not use TLS on its unix sockets", async () => {
    const path = file("s");
    await using listening = await listen([endpoint({ tls: tls(), binds: [anyPort, { kind: "unix", path }] })]);
    expect(listening.endpoints.urls).toEqual([expect.stringMatching(/^https:/), `unix:${path}`]);
    expect(await curl("--unix-socket", path, "http://d/ping")).toMatchObject({ status: 200 });
  });
});

test("with `client_ca`, only clients with a certificate from that authority are accepted", async () => {
  await using listening = await listen([endpoint({ tls: tls({ ca: "client.pem" }) })]);
  const ask = (...args: string[]) => curl("--cacert", file("server.pem"), ...args, `${listening.url}/ping`);
  expect(await ask(...as("client"))).toEqual({ exit: 0, status: 200, text: "OK" });
  expect((await ask(...as("stranger"))).status).toBe(0);
  expect((await ask()).status).toBe(0);
});

describe("an unusable certificate is reported with its file:", () => {
  test.each<[string, Parameters<typeof tls>[0], string]>([
    ["no certificate file", { cert: "none.pem" }, "cannot read `certfile`: ENOENT"],
    ["no key file", { key: "none.key" }, "cannot read `keyfile`: ENOENT"],
    ["no authority file", { ca: "none.pem" }, "cannot read `client_ca`: ENOENT"],
    ["an empty certificate", { cert: "empty.pem" }, "empty.pem (`certfile`) does not contain a PEM certificate"],
    ["a key as certificate", { cert: "server.key" }, "server.key (`certfile`) does not contain a PEM certificate"],
    ["an empty authority", { ca: "empty.pem" }, "empty.pem (`client_ca`) does not contain a PEM certificate"],
    [
      "a certificate as key",
      { key: "server.pem" },
      "server.pem (`keyfile`) does not contain a readable PEM private key",
    ],
    ["a key with a passphrase", { key: "locked.key" }, "passphrase"],
    ["the key of another", { key: "stranger.key" }, "stranger.key does not match the certificate in"],
  ])("%s", async (_, files, message) => {
    const { app, log } = createService();
    await expect(openEndpoints(app, [endpoint({ tls: tls(files) })], { log })).rejects.toMatchObject({
      code: "bad_value",
      message: expect.stringMatching(/^cannot listen on 127\.0\.0\.1:0 for \[endpoint:main\]: /),
      cause: expect.objectContaining({ message: expect.stringContaining(message) }),
    });
  });
});
