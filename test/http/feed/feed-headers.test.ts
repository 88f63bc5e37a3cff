import { describe, expect, test } from "bun:test";
import { currentMoment } from "../../../src/moment.ts";
import { parseStatsQuery } from "../../../src/http/stats/stats-routes.ts";
import { parseOutputQuery } from "../../../src/http/streams/output-query.ts";
import { useServing } from "../serving.ts";

const host = useServing();

describe("every feed", () => {
  test.each([
    "/streams/{name}?feed=eventsource",
    "/streams/{name}?feed=continuous",
    "/streams/{name}?feed=continuous&format=json",
    "/streams/{name}?feed=longpoll",
    "/streams/{name}/out",
    "/watch?feed=eventsource",
    "/watch?feed=continuous",
    "/stats?feed=eventsource",
    "/stats?feed=continuous",
    "/stats/{name}?feed=continuous",
  ])("%s forbids caching and transformation", async (path) => {
    await host.run("echo hello; exec sleep 60");
    const answer = await fetch(`${host.serving.url}${path.replace("{name}", host.lastName)}`);
    expect(answer.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(answer.headers.get("content-encoding")).toBeNull();
    await answer.body?.cancel();
  });

  test.each([
    ["feed=longpoll", 15_000],
    ["feed=eventsource", 15_000],
    ["feed=continuous&format=json", 15_000],
    ["feed=continuous&format=base64", 15_000],
    ["feed=continuous", undefined],
    ["feed=continuous&heartbeat=true", 15_000],
    ["feed=eventsource&heartbeat=false", undefined],
  ])("has a heartbeat of 15 s by default, except raw bytes: %s", (query, ms) => {
    expect(parseOutputQuery(new URLSearchParams(query), null, currentMoment()).heartbeatMs).toBe(ms);
    if (query.includes("json")) expect(parseStatsQuery(new URLSearchParams("feed=continuous")).heartbeatMs).toBe(ms);
  });

  test("describes its headers and heartbeat in the OpenAPI document", async () => {
    const { paths } = (await (await fetch(`${host.serving.url}/openapi.json`)).json()) as {
      paths: Record<
        string,
        { get?: { parameters?: { name: string }[]; responses: Record<string, { description: string }> } }
      >;
    };
    const feeds = Object.entries(paths).filter(([, { get }]) => get?.parameters?.some(({ name }) => name === "feed"));
    expect(feeds.length).toBeGreaterThan(7);
    for (const [path, { get }] of feeds) {
      expect([path, get?.responses["200"]?.description]).toEqual([
        path,
        expect.stringContaining("after 15 s of silence"),
      ]);
    }
  });
});
