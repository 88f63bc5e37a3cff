import { expect, test } from "bun:test";
import { eventTypes } from "../../src/events/event.ts";
import { createFolder } from "./folder.ts";

const { load, problemsOf } = createFolder();

test("a pattern may have several URLs: on one line, on several lines, and with a repeated key", () => {
  const { webhooks } = load(`[webhooks]
. = http://a/1 https://b/2
proc.web:api.exit =
  http://c/3
  http://c/4
. = http://d/5 http://a/1
secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
timeout = 500ms
retries = 0
`);
  expect(webhooks).toEqual({
    hooks: [
      { pattern: ".", urls: ["http://a/1", "https://b/2", "http://d/5"] },
      { pattern: "proc.web:api.exit", urls: ["http://c/3", "http://c/4"] },
    ],
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    timeoutMs: 500,
    retries: 0,
  });
});

test("every event type is a pattern", () => {
  const { webhooks } = load(`[webhooks]\n${eventTypes.map((name) => `${name} = http://a/`).join("\n")}`);
  expect(webhooks.hooks.map(({ pattern }) => pattern)).toEqual([...eventTypes]);
});

test.each([
  ["spwan = http://a/", "spwan: unknown event; did you mean `spawn`?"],
  [
    "everything = http://a/",
    "everything: unknown event; write . (all events), " + eventTypes.join(", ") + " or proc.NAME[.EVENT]",
  ],
  ["exit =", "exit: must be one or more URLs, but is empty"],
  ["exit = a.org", 'exit: must be URLs that begin with http:// or https://, not "a.org"'],
  ["exit = http://a/ ftp://b/", 'exit: must be URLs that begin with http:// or https://, not "ftp://b/"'],
  [
    "secret = whsec_MfKQ9r8G;x",
    "secret: must be whsec_ and 24 to 64 bytes in base64, and this one is not base64: `openssl rand -base64 32` makes one",
  ],
  [
    "secret =",
    "secret: must be whsec_ and 24 to 64 bytes in base64, and this one has 0 bytes: `openssl rand -base64 32` makes one",
  ],
  ["timeout = 0", "timeout: must be more than 0 and less than 24 days, not 0"],
  ["retries = -1", 'retries: must be a whole number from 0 to 1000, not "-1"'],
])("the line %j is refused", (line, problem) => {
  expect(problemsOf(`[webhooks]\n${line}`)).toEqual([`gaffer.ini:2: [webhooks] ${problem}`]);
});

test("delivery settings must not be repeated", () => {
  expect(problemsOf("[webhooks]\nretries = 1\nretries = 2")).toEqual([
    "gaffer.ini:3: [webhooks] retries: duplicate key; first defined at line 2",
  ]);
});

test("an unknown event after the name of a template is an error, unless a template name contains the dot", () => {
  const templates = "[process:web]\ncmd = a\n[process:web.spwan]\ncmd = b\n[webhooks]\n";
  expect(problemsOf(`${templates}proc.web.exti = http://a/`)).toEqual([
    "gaffer.ini:6: [webhooks] proc.web.exti: unknown event `exti`; did you mean `exit`?",
  ]);
  const patterns = [
    "proc.web",
    "proc.web.exit",
    "proc.web.spwan",
    "proc.web.spwan.exit",
    "proc.web.worker",
    "proc.other.exti",
  ];
  const { webhooks } = load(templates + patterns.map((pattern) => `${pattern} = http://a/`).join("\n"));
  expect(webhooks.hooks.map(({ pattern }) => pattern)).toEqual(patterns);
});
