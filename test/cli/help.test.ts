import { expect, test } from "bun:test";
import { exitStatus } from "../../src/cli/exit-status.ts";
import { helpText } from "../../src/cli/help.ts";
import { definitionEntries } from "../../src/cli/options.ts";
import { formatBind } from "../../src/bind.ts";
import { defaultBacklog, defaultBind } from "../../src/config/endpoint.ts";

test("the help has every option in the usage and in the list, except -h", () => {
  const [usage = "", list = ""] = helpText().split("Options\n");
  for (const [name, { alias, valueHint }] of definitionEntries) {
    const long = name.length === 1 ? `-${name}` : `--${name}`;
    const spelling = valueHint === undefined ? long : `${long}=`;
    expect(list).toContain(spelling);
    if (alias !== undefined) expect(list).toContain(`-${alias} `);
    if (name !== "help") expect(usage).toContain(spelling);
  }
});

test("the help keeps the lines of gaffer's help", () => {
  const lines = helpText().split("\n");
  expect(lines).toContain("usage: gafferd [--version] [--check] [-c CONFIG|--config=CONFIG]");
  expect(lines).toContain("    -h --help                   show this help message and exit");
  expect(lines).toContain("    --certfile=CERTFILE         SSL certificate file for the default binding");
  expect(lines).toContain("    --keyfile=KEYFILE           SSL key file");
});

test("the help fits a terminal of 80 columns", () => {
  expect(
    helpText()
      .split("\n")
      .filter((line) => line.length > 80),
  ).toEqual([]);
});

test("the help names the defaults that the configuration has", () => {
  expect(helpText()).toContain(`[default: ${defaultBacklog}]`);
  expect(helpText()).toContain(`[default: ${formatBind(defaultBind)}]`);
});

test("the help names every exit status", () => {
  for (const status of Object.values(exitStatus)) expect(helpText()).toMatch(new RegExp(`^    ${status} `, "m"));
});
