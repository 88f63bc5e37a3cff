import { expect, test } from "bun:test";
import { type Bind, formatBind, formatUrl } from "../src/bind.ts";

test.each<[Bind, string, string]>([
  [{ kind: "tcp", host: "127.0.0.1", port: 5000 }, "127.0.0.1:5000", "http://127.0.0.1:5000"],
  [{ kind: "tcp", host: "::1", port: 5000 }, "[::1]:5000", "http://[::1]:5000"],
  [{ kind: "tcp", host: "[::1]", port: 5000 }, "[::1]:5000", "http://[::1]:5000"],
  [{ kind: "tcp", host: "", port: 5000 }, ":5000", "http://*:5000"],
  [{ kind: "unix", path: "/run/x" }, "unix:/run/x", "unix:/run/x"],
])("%j has one form in configurations and one as a URL", (bind, configured, url) => {
  expect(formatBind(bind)).toBe(configured);
  expect(formatUrl(bind, false)).toBe(url);
});

test("an address with TLS is an https URL", () => {
  expect(formatUrl({ kind: "tcp", host: "a", port: 443 }, true)).toBe("https://a:443");
});
