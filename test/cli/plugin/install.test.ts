import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serveRegistry } from "../plugin-registry.ts";
import { act, codeOf, folder, gafferd, make, pack, plugins, useFolder } from "./commands.ts";

useFolder();

describe("install", () => {
  test("copies a folder and describes it; the copy is independent", async () => {
    const source = make("source", { "plugin/index.ts": codeOf("made"), "_site/index.html": "made" });
    const { out, err, status } = await act("install", source);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toBe(`installed ${plugins}/made\nmade 1.0  app and site  made\nrestart gafferd to load its code\n`);
    rmSync(source, { recursive: true });
    expect(readdirSync(plugins)).toEqual(["made"]);
    expect(readFileSync(join(plugins, "made/_site/index.html"), "utf8")).toBe("made");
  });

  test("moves a site without code to `_site`", async () => {
    const { out, status } = await act("install", make("plain", { "index.html": "plain" }));
    expect([status, out]).toEqual([0, `installed ${plugins}/plain\nplain  site\n`]);
    expect(readdirSync(join(plugins, "plain"))).toEqual(["_site"]);
  });

  test("replaces an installed plugin only with --force", async () => {
    const source = make("plain", { "index.html": "one" });
    await act("install", source);
    writeFileSync(join(source, "index.html"), "two");
    const refused = await act("install", source);
    expect([refused.status, refused.err]).toEqual([
      1,
      `gafferd: ${plugins}/plain already exists; use --force to replace it\n`,
    ]);
    expect(readFileSync(join(plugins, "plain/_site/index.html"), "utf8")).toBe("one");
    expect((await act("install", "--force", source)).status).toBe(0);
    expect(readFileSync(join(plugins, "plain/_site/index.html"), "utf8")).toBe("two");
    expect(readdirSync(plugins)).toEqual(["plain"]);
  });

  test.each([
    ["throws", `throw new Error("it is broken");`, "it is broken"],
    ["ends its process", "process.exit(0);", "ends the process that loads it"],
    ["imports a missing package", `import "no-such-package-anywhere";`, "missing package `no-such-package-anywhere`"],
    ["cannot be parsed", "const = ;", "cannot load the plugin"],
  ])("refuses code that %s, and leaves nothing behind", async (_, top, reason) => {
    const { err, status } = await act("install", make("bad", { "plugin/index.ts": codeOf("bad", { top }) }));
    expect(status).toBe(1);
    expect(err).toContain(reason);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test("refuses a plugin while a plugin that it needs is not installed", async () => {
    const needy = make("needy", { "plugin/index.ts": codeOf("needy", { mandatory: ["base"] }) });
    const { err, status } = await act("install", needy);
    expect([status, err]).toEqual([1, expect.stringContaining("`needy` needs `base`, which is not installed")]);
    await act("install", make("base", { "plugin/index.ts": codeOf("base") }));
    expect((await act("install", needy)).status).toBe(0);
  });

  test("refuses a name that a plugin in another folder has, even with --force", async () => {
    await act("new", "first");
    writeFileSync(join(plugins, "first/plugin/index.ts"), codeOf("second"));
    const { err, status } = await act("install", "--force", make("x", { "plugin/index.ts": codeOf("second") }));
    expect([status, err]).toEqual([1, expect.stringContaining(`${plugins}/first has the same name`)]);
  });

  test("refuses an empty folder and a missing one", async () => {
    mkdirSync(join(folder.path, "empty/plugin"), { recursive: true });
    expect((await act("install", join(folder.path, "empty"))).err).toContain("it has neither code nor a site");
    expect((await act("install", "./none")).err).toContain("cannot install ./none: no such file or directory");
    expect((await act("install", "Not A Name")).err).toContain("is neither a folder, a tarball nor a package name");
  });
});

describe("install accepts a tarball", () => {
  test("with or without a top-level folder", async () => {
    make("wrapped", { "plugin/index.ts": codeOf("made") });
    expect((await act("install", await pack(["wrapped"]))).out).toStartWith(`installed ${plugins}/made\n`);
    const source = make("plain", { "_site/index.html": "x" });
    expect((await act("install", await pack(["_site"], { cwd: source }))).out).toStartWith(
      `installed ${plugins}/packed\n`,
    );
  });

  test("unless it contains a link", async () => {
    const source = make("linked", { "_site/index.html": "x" });
    symlinkSync("/etc", join(source, "_site/etc"));
    const { err, status } = await act("install", await pack(["linked"]));
    expect([status, err]).toEqual([
      1,
      expect.stringContaining("is a SymbolicLink; only files and folders are allowed"),
    ]);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test.each([["../escaped.txt"], ["ok/../../escaped.txt"]])(
    "unless it has a path outside the folder: %s",
    async (path) => {
      make("inner", { "a.txt": "escaped" });
      const file = await pack(["inner/a.txt"], {
        preservePaths: true,
        onWriteEntry: (entry) => void (entry.path = path),
      });
      const { err, status } = await act("install", file);
      expect([status, err]).toEqual([1, expect.stringContaining("is outside the folder")]);
      expect(readdirSync(plugins)).toEqual([]);
      expect(existsSync(join(folder.path, "escaped.txt"))).toBe(false);
    },
  );

  test("unless it is not a tarball", async () => {
    writeFileSync(join(folder.path, "none.tgz"), "no tarball");
    const { err, status } = await act("install", join(folder.path, "none.tgz"));
    expect([status, err]).toEqual([1, expect.stringMatching(/^gafferd: cannot unpack .*none\.tgz: /)]);
  });
});

describe("install accepts a package", () => {
  const ran = "ran.txt";
  async function packaged(): Promise<Uint8Array> {
    make("package", {
      "package.json": JSON.stringify({
        name: "@someone/gafferd-plugin-packaged",
        scripts: { install: `touch ${join(folder.path, ran)}`, postinstall: `touch ${join(folder.path, ran)}` },
      }),
      "_site/index.html": "packaged",
    });
    return await Bun.file(await pack(["package"])).bytes();
  }

  test.each([
    ["@someone/gafferd-plugin-packaged"],
    ["@someone/gafferd-plugin-packaged@next"],
    ["@someone/gafferd-plugin-packaged@^0.9.0"],
  ])("%s from a registry, and runs none of its scripts", async (spec) => {
    using registry = serveRegistry("@someone/gafferd-plugin-packaged", await packaged());
    const { out, err, status } = await gafferd(["install", "-p", plugins, spec], { BUN_CONFIG_REGISTRY: registry.url });
    expect([status, err, out]).toEqual([0, "", `installed ${plugins}/packaged\npackaged  site\n`]);
    expect(existsSync(join(folder.path, ran))).toBe(false);
    expect(registry.asked[0]).toBe("/@someone%2fgafferd-plugin-packaged");
  });

  test("unless its hash differs", async () => {
    const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    using registry = serveRegistry("packaged", await packaged(), { integrity });
    const { err, status } = await gafferd(["install", "-p", plugins, "packaged"], {
      npm_config_registry: registry.url,
    });
    expect([status, err]).toEqual([1, expect.stringContaining("its sha512 hash differs from the registry's")]);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test("unless the registry does not have it", async () => {
    using registry = serveRegistry("packaged", await packaged());
    const env = { BUN_CONFIG_REGISTRY: registry.url };
    expect((await gafferd(["install", "-p", plugins, "other"], env)).err).toContain("the server answered 404");
    const { err } = await gafferd(["install", "-p", plugins, "packaged@7"], env);
    expect(err).toContain("has no version `7`; the latest ones are 0.9.0, 1.0.0, 2.0.0-rc.1");
  });

  test("from the private registry of a scope, with the token in .npmrc", async () => {
    using registry = serveRegistry("@acme/packaged", await packaged(), { token: "secret" });
    const { host } = new URL(registry.url);
    folder.write(".npmrc", `@acme:registry=${registry.url}\n//${host}/:_authToken=\${ACME_TOKEN}\n`);
    const words = ["install", "-p", plugins, "@acme/packaged"];
    const { out, err, status } = await gafferd(words, {
      ACME_TOKEN: "secret",
      BUN_CONFIG_REGISTRY: "http://127.0.0.1:1",
    });
    expect([status, err, out]).toEqual([0, "", `installed ${plugins}/packaged\npackaged  site\n`]);

    rmSync(join(folder.path, ".npmrc"));
    const without = await gafferd(words, { "npm_config_@acme:registry": registry.url });
    expect(without.err).toContain(
      `the server answered 401; a private package needs \`//${host}/:_authToken=…\` in .npmrc`,
    );
  });

  test("and does not send the token of one host to another", async () => {
    const tarball = await packaged();
    using other = serveRegistry("packaged", tarball);
    using registry = serveRegistry("packaged", tarball, { token: "secret", tarballsAt: other.url });
    folder.write(".npmrc", `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=secret\n`);
    expect(await gafferd(["install", "-p", plugins, "packaged"])).toMatchObject({ status: 0 });
    expect(registry.authorizations).toEqual(["Bearer secret", "Bearer secret"]);
    expect(other.authorizations).toEqual([null]);
  });
});
