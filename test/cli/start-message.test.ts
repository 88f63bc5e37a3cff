import { expect, test } from "bun:test";
import { startMessage } from "../../src/cli/start-message.ts";

const facts = {
  version: "1.2.3",
  urls: ["http://127.0.0.1:5000", "unix:/run/gaffer.sock"],
  templates: 2,
  hasDashboard: false,
};

test("the start message says which version listens where and how many templates it has", () => {
  expect(startMessage(facts)).toEqual([
    "gafferd 1.2.3 listens on http://127.0.0.1:5000, unix:/run/gaffer.sock (2 templates)",
  ]);
  expect(startMessage({ ...facts, templates: 1 })[0]).toEndWith("(1 template)");
});

test("an empty host says how to start a process", () => {
  expect(startMessage({ ...facts, templates: 0 })).toEqual([
    "gafferd 1.2.3 listens on http://127.0.0.1:5000, unix:/run/gaffer.sock (no processes yet)",
    `start a process: curl -d '{"name":"hello","cmd":"sleep 60"}' http://127.0.0.1:5000/processes`,
  ]);
});

test("the address of the dashboard is shown if a browser can reach it", () => {
  const [, ...lines] = startMessage({ ...facts, hasDashboard: true });
  expect(lines).toEqual(["dashboard: http://127.0.0.1:5000/_plugin/dashboard/"]);
  expect(startMessage({ ...facts, urls: ["unix:/run/gaffer.sock"], hasDashboard: true })).toHaveLength(1);
});

test("an empty host at a unix socket says how to reach that", () => {
  expect(startMessage({ ...facts, urls: ["unix:/run/gaffer.sock"], templates: 0 })[1]).toEndWith(
    "--unix-socket /run/gaffer.sock http://localhost/processes",
  );
});
