import { describe, expect, test } from "bun:test";
import { type GuardedHeaders, judgeRequest, type Site } from "../../../src/http/listen/guard.ts";

const loopback: Site = {
  scheme: "http",
  boundHost: "127.0.0.1",
  hosts: ["gaffer.example", "[2001:db8::1]"],
  machineName: "box",
  endpointName: "main",
};
const everywhere: Site = { ...loopback, boundHost: "" };
const named: Site = { ...loopback, boundHost: "Box.lan" };
const unix: Site = { ...loopback, boundHost: undefined };

const asked = (headers: Partial<GuardedHeaders>): GuardedHeaders => ({
  host: "localhost:5000",
  origin: null,
  fetchSite: null,
  ...headers,
});

describe("the Host of a loopback address", () => {
  test.each([
    "localhost",
    "localhost:5000",
    "LOCALHOST:1",
    "localhost.",
    "a.localhost:80",
    "127.0.0.1",
    "127.9.8.7:5000",
    "[::1]",
    "[::1]:5000",
    "[0:0:0:0:0:0:0:1]:5000",
    "gaffer.example",
    "Gaffer.Example.:8080",
    "[2001:DB8::1]:5000",
  ])("may be %j", (host) => {
    expect(judgeRequest(asked({ host }), loopback, [])).toEqual({ kind: "own" });
  });

  test.each([
    null,
    "",
    "evil.example",
    "evil.example:5000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evilocalhost",
    "box",
    "192.168.1.2",
    "0.0.0.0:5000",
    "[::2]",
    "[::]",
    "localhost, evil.example",
    "localhost:5000@evil.example",
    "evil@localhost",
    "localhost/x",
    "localhost:x",
    "localhost:65536",
    "localhost:99999",
    "127.0.0.1:99999",
    "localhost:",
    "loc alhost",
    "[::1",
    "::1",
    "[localhost]",
    "128.0.0.1",
    "a.gaffer.example",
  ])("may not be %j", (host) => {
    expect(judgeRequest(asked({ host }), loopback, []).kind).toBe("refused");
  });

  test.each(["localhost", "app.localhost", "::1", "[::1]", "127.1.2.3", "::ffff:127.0.0.1"])(
    "is checked as strictly when %s is bound",
    (boundHost) => {
      const site = { ...loopback, boundHost };
      expect(judgeRequest(asked({ host: "localhost" }), site, []).kind).toBe("own");
      expect(judgeRequest(asked({ host: "192.168.1.2" }), site, []).kind).toBe("refused");
      expect(judgeRequest(asked({ host: "box" }), site, []).kind).toBe("refused");
    },
  );
});

describe("the Host of an address that other machines can reach", () => {
  test.each([
    [everywhere, "localhost:5000"],
    [everywhere, "127.0.0.1"],
    [everywhere, "192.168.1.2:5000"],
    [everywhere, "[fe80::1]:5000"],
    [everywhere, "box:5000"],
    [everywhere, "BOX."],
    [everywhere, "gaffer.example"],
    [{ ...everywhere, boundHost: "::" }, "10.0.0.1"],
    [{ ...everywhere, boundHost: "0.0.0.0" }, "10.0.0.1"],
    [named, "box.lan"],
    [named, "box"],
  ])("of %o may be %s", (site, host) => {
    expect(judgeRequest(asked({ host }), site, []).kind).toBe("own");
  });

  test.each([
    [everywhere, "evil.example"],
    [everywhere, "box.evil.example"],
    [everywhere, "box.lan"],
    [everywhere, "1.2.3.4.evil.example"],
    [everywhere, "1.2.3.4.5"],
    [everywhere, null],
    [named, "other.lan"],
  ])("of %o may not be %s", (site, host) => {
    expect(judgeRequest(asked({ host }), site, []).kind).toBe("refused");
  });
});

test.each([null, "", "d", "anything at all"])("the Host on a unix socket may be %j", (host) => {
  expect(judgeRequest(asked({ host }), unix, [])).toEqual({ kind: "own" });
});

describe("the Origin", () => {
  test.each([
    ["http://localhost:5000", "localhost:5000"],
    ["http://localhost", "localhost:80"],
    ["http://localhost", "localhost"],
    ["http://[::1]:5000", "[::1]:5000"],
    ["http://localhost:8080", "LocalHost:8080"],
  ])("%s is own at the Host %s", (origin, host) => {
    expect(judgeRequest(asked({ origin, host }), loopback, [])).toEqual({ kind: "own" });
  });

  test("is compared with the scheme of the endpoint", () => {
    const https: Site = { ...loopback, scheme: "https" };
    const headers = { host: "localhost" };
    expect(judgeRequest(asked({ ...headers, origin: "https://localhost" }), https, []).kind).toBe("own");
    expect(judgeRequest(asked({ ...headers, origin: "http://localhost" }), https, []).kind).toBe("refused");
  });

  test.each([
    "http://evil.example",
    "http://localhost:3000",
    "https://localhost:5000",
    "http://127.0.0.1:5000",
    "http://localhost:5000/",
    "http://localhost:5000/x",
    "http://x@localhost:5000",
    "HTTP://localhost:5000",
    "http://localhost:5000, http://localhost:5000",
    "null",
    "",
    "file://",
    "chrome-extension://abc",
    "localhost:5000",
    "not an origin",
  ])("%j is foreign", (origin) => {
    expect(judgeRequest(asked({ origin }), loopback, []).kind).toBe("refused");
    expect(judgeRequest(asked({ origin }), unix, []).kind).toBe("refused");
  });

  test("is allowed if it is listed, whatever Sec-Fetch-Site is", () => {
    const origin = "https://ops.example";
    const headers = asked({ origin, fetchSite: "cross-site" });
    expect(judgeRequest(headers, loopback, ["https://a.example", origin])).toEqual({ kind: "listed", origin });
    expect(judgeRequest(headers, loopback, ["*"])).toEqual({ kind: "listed", origin });
    expect(judgeRequest(headers, loopback, ["https://a.example"]).kind).toBe("refused");
  });

  test("does not allow another Host", () => {
    const origin = "http://evil.example:5000";
    expect(judgeRequest(asked({ origin, host: "evil.example:5000" }), loopback, [origin]).kind).toBe("refused");
  });
});

describe("Sec-Fetch-Site", () => {
  test.each(["same-origin", "none", null])("%j is allowed", (fetchSite) => {
    expect(judgeRequest(asked({ fetchSite }), loopback, []).kind).toBe("own");
  });

  test.each([
    "cross-site",
    "Cross-Site",
    "same-site",
    "cross-site, cross-site",
    "none, cross-site",
    "same-origin, none",
    "",
  ])("%j is refused", (fetchSite) => {
    expect(judgeRequest(asked({ fetchSite }), loopback, []).kind).toBe("refused");
    expect(judgeRequest(asked({ fetchSite, origin: "http://localhost:5000" }), loopback, []).kind).toBe("refused");
  });
});

test.each([
  [asked({ host: "evil.example" }), ['"evil.example"', "`hosts`", "[endpoint:main]"]],
  [asked({ host: null }), ["`Host`"]],
  [asked({ origin: "http://evil.example" }), ['"http://evil.example"', "`cors_origins`"]],
  [asked({ fetchSite: "cross-site" }), ["`Sec-Fetch-Site", "`cors_origins`"]],
])("a refusal of %o names the header, its value and the setting", (headers, words) => {
  const verdict = judgeRequest(headers, loopback, []);
  for (const word of words) expect(verdict).toHaveProperty("message", expect.stringContaining(word));
});

test("a refusal quotes only the beginning of a long header", () => {
  const verdict = judgeRequest(asked({ host: "x".repeat(5000) }), loopback, []);
  expect(verdict.kind === "refused" && verdict.message.length).toBeLessThan(400);
});

const verdictOf = (host: string, site: Site) => judgeRequest(asked({ host }), site, []).kind;

test("a Host that one listener has accepted is not accepted by another, however many requests came in between", () => {
  const other: Site = { ...loopback, hosts: [] };
  expect([verdictOf("gaffer.example", loopback), verdictOf("gaffer.example", other)]).toEqual(["own", "refused"]);
  for (let number = 0; number < 200; number++) expect(verdictOf(`name-${number}.localhost`, loopback)).toBe("own");
  const hosts = ["gaffer.example", "name-199.localhost", "evil.example", "evil.example"];
  expect(hosts.map((host) => verdictOf(host, loopback))).toEqual(["own", "own", "refused", "refused"]);
});
