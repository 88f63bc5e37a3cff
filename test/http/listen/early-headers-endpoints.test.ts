import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import type { EndpointSettings } from "../../../src/http/listen/endpoint.ts";
import { waitFor } from "../../wait-for.ts";
import { endpoint, listen, temporaryFolder } from "./listening.ts";

/** A service with a process `1` that writes nothing before it gets input. */
async function listenAt(settings: Partial<EndpointSettings>) {
  const listening = await listen([endpoint(settings)]);
  const template = { name: "cat", cmd: "cat", redirect_output: ["out"], redirect_input: true };
  await listening.service.ask("POST", "/processes", template);
  return listening;
}

describe("early headers on unix sockets and with TLS", () => {
  test("a unix socket: headers are sent at once, whatever other connections are open", async () => {
    using folder = temporaryFolder();
    const unix = join(folder.path, "socket");
    await using listening = await listenAt({ binds: [{ kind: "unix", path: unix }] });
    const idle = [1, 2].map(() => connect(unix));
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    const get = async (path: string) => await fetch(`http://localhost${path}`, { unix });
    await (await get("/ping")).text();
    const waiting = get("/streams/1/out?feed=longpoll");
    const events = await get("/streams/1/out?feed=eventsource");
    const answers: Response[] = [];
    for (let opened = 0; opened < 3; opened++) answers.push(await get("/streams/1/out?feed=continuous"));
    await listening.service.ask("POST", "/streams/1/stdin?eof=true", "hello\n");
    for (const answer of answers) expect(await answer.text()).toBe("hello\n");
    expect(await (await waiting).text()).toBe("hello\n");
    expect(await events.text()).toContain("data: hello\n");
    for (const socket of idle) socket.destroy();
  });

  test("a unix socket: concurrent streams of many processes reach their own readers", async () => {
    using folder = temporaryFolder();
    const unix = join(folder.path, "socket");
    await using listening = await listenAt({ binds: [{ kind: "unix", path: unix }] });
    await listening.service.ask("POST", "/processes/cat/_add/19");
    const ids = Array.from({ length: 20 }, (_, at) => at + 1);
    const open = async (id: number) => await fetch(`http://localhost/streams/${id}/out?feed=continuous`, { unix });
    const answers = await Promise.all(ids.map(open));
    for (const id of ids) await listening.service.ask("POST", `/streams/${id}/stdin?eof=true`, `process ${id}\n`);
    const texts = await Promise.all(answers.map(async (answer) => await answer.text()));
    expect(texts).toEqual(ids.map((id) => `process ${id}\n`));
  });

  test.each([
    "/streams/1/out?feed=continuous&format=json",
    "/streams/1/out?feed=continuous&format=base64",
    "/stats/cat?feed=continuous&interval=60",
  ])("TLS: the headers of a line stream arrive at once, with an empty line: %s", async (path) => {
    using folder = temporaryFolder();
    await using listening = await listenAt({ tls: await createCertificate(folder.path) });
    const response = await fetch(listening.url + path, { tls: { rejectUnauthorized: false } });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toStartWith("\n");
    await reader?.cancel();
  });

  test("TLS: a raw stream arrives complete, its headers with the first byte", async () => {
    using folder = temporaryFolder();
    await using listening = await listenAt({ tls: await createCertificate(folder.path) });
    const opening = fetch(`${listening.url}/streams/1/out?feed=continuous`, { tls: { rejectUnauthorized: false } });
    await waitFor(() => listening.service.manager.readerCount() === 1, "the reader");
    await listening.service.ask("POST", "/streams/1/stdin?eof=true", "hello\n");
    expect(await (await opening).text()).toBe("hello\n");
  });
});

async function createCertificate(folder: string) {
  const tls = { certFile: join(folder, "pem"), keyFile: join(folder, "key") };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tls.keyFile];
  await Bun.$`openssl req -x509 ${key} -days 1 -subj /CN=server -out ${tls.certFile}`.quiet();
  return tls;
}
