import { createClient } from "gafferd/client";
import { afterEach, expect, test } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { receive, verify } from "../../webhook/receiver.ts";
import { useServing } from "../serving.ts";

const used = useServing();
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const quiet = { cmd: "true", start: false } as const;

afterEach(async () => {
  const client = createClient(used.serving.url);
  for (const { id } of await client.webhooks()) await client.removeWebhook(id);
});

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`${used.serving.url}${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.clone().text(), body: (await response.json()) as never };
}

test("a webhook can be registered, listed, delivered to and removed, and its secret is never returned", async () => {
  await using receiver = receive();
  const created = await ask("POST", "/webhooks", {
    event: "create",
    url: receiver.url,
    secret,
    timeout: "2s",
    retries: 3,
  });
  expect(created.status).toBe(200);
  const { id } = JSON.parse(created.text) as { id: string };
  expect(id).toMatch(/^wh_[0-9a-f]{16}$/);
  await used.serving.create({ name: "hooked", ...quiet });
  const received = await waitFor(() => receiver.accepted[0], "the event");
  expect(verify(secret, received)).toMatchObject({ event: "create", name: "hooked", id: received.id });

  const shown = await waitFor(async () => {
    const answer = await ask("GET", `/webhooks/${id}`);
    return (answer.body as { delivered: number }).delivered === 1 ? answer : undefined;
  }, "the delivery to be counted");
  const document = {
    id,
    url: receiver.url,
    patterns: ["create"],
    source: "api",
    signed: true,
    timeout: 2,
    retries: 3,
    state: "idle",
    queued: 0,
    next_try_at: null,
    delivered: 1,
    failed: 0,
    given_up: 0,
    dropped: 0,
  };
  expect(shown.body as unknown).toEqual(document);
  const list = await ask("GET", "/webhooks");
  expect(list.body as unknown).toEqual([document]);
  expect(shown.text + list.text).not.toContain(secret.slice(10));
  expect((await ask("GET", `/webhooks/${id}/deliveries`)).body as unknown).toEqual({
    ok: true,
    deliveries: [
      {
        time: expect.any(String),
        event_id: received.id,
        attempt: 1,
        status: 200,
        error: null,
        duration_ms: expect.any(Number),
        next_try_at: null,
      },
    ],
  });
  expect(await ask("DELETE", `/webhooks/${id}`)).toMatchObject({ status: 200, body: { ok: true } });
  expect(await ask("GET", `/webhooks/${id}`)).toMatchObject({ status: 404, body: { error: "not_found" } });
  expect((await ask("GET", "/webhooks")).body as unknown).toEqual([]);
});

test("there is one webhook per URL: patterns are added and removed, as gaffer's clients do", async () => {
  const url = "http://127.0.0.1:1/";
  const first = await ask("POST", "/webhooks", { event: "proc.a", url });
  const second = await ask("POST", "/webhooks", { pattern: "proc.b.exit", url });
  expect(second.text).toBe(first.text);
  expect((await ask("GET", "/webhooks")).body as unknown).toMatchObject([{ patterns: ["proc.a", "proc.b.exit"] }]);
  expect((await ask("DELETE", "/webhooks", { event: "proc.a", url })).status).toBe(200);
  expect((await ask("GET", "/webhooks")).body as unknown).toMatchObject([{ patterns: ["proc.b.exit"] }]);
  expect((await ask("DELETE", "/webhooks", { event: "proc.a", url })).status).toBe(404);
  expect((await ask("DELETE", "/webhooks", { url })).status).toBe(200);
  expect((await ask("DELETE", "/webhooks", { url })).status).toBe(404);
});

test.each<[unknown, string, string | undefined]>([
  [{ url: "http://a/" }, "`event` is required", "event"],
  [{ event: "exit" }, "`url` is required", "url"],
  [{ event: "exti", url: "http://a/" }, "`event` must be an event, proc.NAME, proc.NAME.EVENT or . for all", "event"],
  [{ event: "exit", url: "ftp://a/" }, "`url` must begin with http:// or https://", "url"],
  [{ event: "exit", url: "http://a/", secret: "short" }, "`openssl rand -base64 32` makes one", "secret"],
  [{ event: "exit", url: "http://a/", timeout: 0 }, "`timeout` must be more than 0 and less than 24 days", "timeout"],
  [{ event: "exit", url: "http://a/", timeout: "soon" }, "is not a duration", "timeout"],
  [{ event: "exit", url: "http://a/", retries: -1 }, "`retries` must be a whole number from 0 to 1000", "retries"],
  [{ event: "exit", url: "http://a/", retires: 1 }, "did you mean `retries`?", "retires"],
  [[], "the body must be a JSON object, not an array", undefined],
])("%j is rejected", async (body, message, field) => {
  const answer = await ask("POST", "/webhooks", body);
  expect(answer).toMatchObject({
    status: 400,
    body: { error: "bad_value", message: expect.stringContaining(message), ...(field !== undefined && { field }) },
  });
});

test("the client registers, lists and removes webhooks", async () => {
  await using receiver = receive(() => new Response("no", { status: 503 }));
  const client = createClient(used.serving.url);
  const id = await client.addWebhook({ event: "create", url: receiver.url });
  await used.serving.create({ name: "hooked", ...quiet });
  const [delivery] = await waitFor(async () => {
    const deliveries = await client.deliveries(id);
    return deliveries.length > 0 ? deliveries : undefined;
  }, "an attempt");
  expect(delivery).toMatchObject({ attempt: 1, status: 503, error: "the answer was 503" });
  expect(await client.webhooks()).toMatchObject([{ id, state: "waiting", queued: 1, failed: 1 }]);
  const metrics = await (await fetch(`${used.serving.url}/metrics`)).text();
  expect(metrics).toContain(`gafferd_webhook_queued_events{webhook="${id}"} 1\n`);
  expect(metrics).toContain(`gafferd_webhook_attempts_total{webhook="${id}",outcome="failed"} 1\n`);
  expect(metrics).toContain(`gafferd_webhook_lost_events_total{webhook="${id}",reason="given_up"} 0\n`);
  await client.removeWebhook(id);
  expect(await client.webhooks()).toEqual([]);
});
