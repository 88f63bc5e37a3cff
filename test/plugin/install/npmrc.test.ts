import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NpmPlaces, readNpmSettings } from "../../../src/plugin/install/npmrc.ts";

let root: string;
let folder: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gafferd-npmrc-"));
  [folder, home] = [join(root, "project"), join(root, "home")];
  for (const each of [folder, home]) mkdirSync(each);
});
afterEach(() => rmSync(root, { recursive: true }));

function read(files: { project?: string; user?: string }, env: NpmPlaces["env"] = {}) {
  if (files.project !== undefined) writeFileSync(join(folder, ".npmrc"), files.project);
  if (files.user !== undefined) writeFileSync(join(home, ".npmrc"), files.user);
  return readNpmSettings({ env, folder, home });
}

const authorize = (user: string, url: string, env: NpmPlaces["env"] = {}) =>
  read({ user }, env).authorizationFor(new URL(url));

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("the registry of a package", () => {
  test("is npm's by default", () => {
    expect(read({}).registryOf("a")).toBe("https://registry.npmjs.org/");
    expect(read({}).registryOf("@acme/a")).toBe("https://registry.npmjs.org/");
  });

  test("comes from the environment, then the project, then the user", () => {
    const user = "registry = http://user.example/npm";
    const project = "# ours\nregistry=http://project.example\n";
    expect(read({ user }).registryOf("a")).toBe("http://user.example/npm/");
    expect(read({ user, project }).registryOf("a")).toBe("http://project.example/");
    expect(read({}, { npm_config_registry: "http://env.example" }).registryOf("a")).toBe("http://env.example/");
    expect(read({}, { NPM_CONFIG_REGISTRY: "http://env.example" }).registryOf("a")).toBe("http://env.example/");
    const both = { npm_config_registry: "http://env.example", BUN_CONFIG_REGISTRY: "http://bun.example" };
    expect(read({}, both).registryOf("a")).toBe("http://bun.example/");
  });

  test("is that of its scope, even if the environment names a default", () => {
    const { registryOf } = read(
      { user: "@acme:registry=https://npm.acme.example\nregistry=https://user.example" },
      { npm_config_registry: "https://env.example" },
    );
    expect(["@acme/a", "@other/a", "a"].map(registryOf)).toEqual([
      "https://npm.acme.example/",
      "https://env.example/",
      "https://env.example/",
    ]);
  });

  test("is read from the file that npm_config_userconfig names", () => {
    const file = join(root, "own");
    writeFileSync(file, "registry=http://own.example");
    const { registryOf } = read({ user: "registry=http://user.example" }, { npm_config_userconfig: file });
    expect(registryOf("a")).toBe("http://own.example/");
  });
});

describe("credentials", () => {
  test.each([
    ["//npm.example/:_authToken=secret", "Bearer secret"],
    ["//npm.example:_authToken=secret", "Bearer secret"],
    ["//npm.example/:_authToken=npm_a=b==", "Bearer npm_a=b=="],
    ['//npm.example/:_authToken="quoted"', "Bearer quoted"],
    [`//npm.example/:_auth=${Buffer.from("ada:pw").toString("base64")}`, basic("ada:pw")],
    [`//npm.example/:username=ada\n//npm.example/:_password=${Buffer.from("pw").toString("base64")}`, basic("ada:pw")],
    ["//npm.example/:username=ada", undefined],
    ["//other.example/:_authToken=secret", undefined],
    ["//npm.example:8080/:_authToken=secret", undefined],
    ["//npm.example/private/:_authToken=secret", undefined],
    ["_authToken=secret", undefined],
    ["; //npm.example/:_authToken=secret", undefined],
  ])("of %j", (user, authorization) => {
    expect(authorize(user, "https://npm.example/@acme%2fa")).toBe(authorization);
  });

  test("are those of the longest path", () => {
    const user = "//npm.example/:_authToken=host\n//npm.example/one/:_authToken=one\n//npm.example:81/:_authToken=port";
    expect(authorize(user, "https://npm.example/one/a")).toBe("Bearer one");
    expect(authorize(user, "https://npm.example/one/a/-/a-1.tgz")).toBe("Bearer one");
    expect(authorize(user, "https://npm.example/two/a")).toBe("Bearer host");
    expect(authorize(user, "http://npm.example:81/one/a")).toBe("Bearer port");
  });

  test.each([
    ["${TOKEN}", { TOKEN: "secret" }, "Bearer secret"],
    ["a-${TOKEN}-b", { TOKEN: "secret" }, "Bearer a-secret-b"],
    ["${TOKEN}", {}, "Bearer ${TOKEN}"],
    ["x${TOKEN?}", {}, "Bearer x"],
    ["\\${TOKEN}", { TOKEN: "secret" }, "Bearer ${TOKEN}"],
  ])("replace variables: %s with %j", (token, env, authorization) => {
    expect(authorize(`//npm.example/:_authToken=${token}`, "https://npm.example/a", env)).toBe(authorization);
  });

  test("replace variables in the name of the host too", () => {
    expect(authorize("//${HOST}/:_authToken=x", "https://npm.example/a", { HOST: "npm.example" })).toBe("Bearer x");
  });

  test("come from the environment, as npm takes them", () => {
    const env = { "npm_config_//npm.example/:_authToken": "of-env" };
    expect(authorize("//npm.example/:_authToken=of-file", "https://npm.example/a", env)).toBe("Bearer of-env");
  });
});

test("a folder in place of the file is ignored, and an unreadable file is an error", () => {
  mkdirSync(join(folder, ".npmrc"));
  expect(read({}).registryOf("a")).toBe("https://registry.npmjs.org/");
  writeFileSync(join(home, ".npmrc"), "");
  chmodSync(join(home, ".npmrc"), 0o000);
  // Root may read everything.
  if (process.getuid?.() !== 0) expect(() => read({})).toThrow(`cannot read ${join(home, ".npmrc")}: EACCES`);
});
