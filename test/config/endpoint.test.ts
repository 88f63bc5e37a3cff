import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { homedir } from "node:os";
import { formatBind } from "../../src/bind.ts";
import { isLoopback, parseBind } from "../../src/config/endpoint.ts";
import { GafferdError } from "../../src/errors.ts";

test.each([
  ["127.0.0.1:5000", "127.0.0.1", 5000],
  ["[::1]:5000", "::1", 5000],
  ["[::]:0", "::", 0],
  ["localhost:5000", "localhost", 5000],
  ["Gaffer.Example.org:80", "gaffer.example.org", 80],
  [":5000", "", 5000],
  ["5000", "127.0.0.1", 5000],
  ["0.0.0.0:65535", "0.0.0.0", 65_535],
])("%p is the host %p and the port %p", (text, host, port) => {
  expect(parseBind(text)).toEqual({ kind: "tcp", host, port });
});

test("the path of a unix socket is absolute, in the home directory, or relative to the file", () => {
  expect(parseBind("unix:/run/g.sock")).toEqual({ kind: "unix", path: "/run/g.sock" });
  expect(parseBind("unix:~/g.sock")).toEqual({ kind: "unix", path: `${homedir()}/g.sock` });
  expect(parseBind("unix:g.sock", "/etc/gaffer/gaffer.ini")).toEqual({ kind: "unix", path: "/etc/gaffer/g.sock" });
});

test.each([
  ["", 'must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not ""'],
  ["localhost", 'must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not "localhost"'],
  ["::1:5000", 'must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not "::1:5000"'],
  ["a:65536", 'must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not "a:65536"'],
  ["http://a:1", 'must be host:port, [IPv6]:port, :port or unix:PATH, with a port from 0 to 65535, not "http://a:1"'],
  ["[127.0.0.1]:1", 'must have an IPv6 address between [ and ], not "127.0.0.1"'],
  ["1.2.3:1", 'must have a host name or an IP address before the port, not "1.2.3"'],
  ["a_b:1", 'must have a host name or an IP address before the port, not "a_b"'],
  ["unix:", "must have a path after unix:"],
  [`unix:/${"x".repeat(107)}`, `must have a socket path of at most 107 bytes; /${"x".repeat(107)} has 108`],
])("%p is not an address", (text, message) => {
  expect(() => parseBind(text)).toThrow(message);
});

describe("loopback", () => {
  test.each([
    "127.0.0.1:1",
    "127.9.9.9:1",
    "[::1]:1",
    "[0:0:0:0:0:0:0:1]:1",
    "[::ffff:127.0.0.1]:1",
    "localhost:1",
    "1",
    "unix:/x",
  ])("includes %p", (text) => {
    expect(isLoopback(parseBind(text))).toBe(true);
  });

  test.each([
    ":1",
    "0.0.0.0:1",
    "[::]:1",
    "192.168.0.1:1",
    "[fe80::1]:1",
    "[fe80::1%lo]:1",
    "[::1:1]:1",
    "[::ffff:10.0.0.1]:1",
    "a.localhost:1",
    "example.org:1",
    "127.example.org:1",
  ])("does not include %p", (text) => {
    expect(isLoopback(parseBind(text))).toBe(false);
  });
});

test("any text is an address or throws bad_value", () => {
  const texts = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom("unix:", "[", "]", ":", "::1", "127.0.0.1", "5000", "a", "%", ".", "-"))
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const bind = parseBind(text);
        isLoopback(bind);
        formatBind(bind);
      } catch (error) {
        expect(error).toBeInstanceOf(GafferdError);
      }
    }),
    { numRuns: 1000 },
  );
});
