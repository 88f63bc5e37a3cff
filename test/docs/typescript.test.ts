import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeBlocks } from "./console-page.ts";
import { allPages, readPage, repository } from "./page.ts";

test("the TypeScript of the manual has no type errors", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-docs-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    for (const name of ["elysia", "@types", "bun-types"])
      symlinkSync(join(repository, "node_modules", name), join(folder, "node_modules", name));
    for (const page of allPages) {
      for (const { language, text, line } of codeBlocks(readPage(page))) {
        const name = `${page.replaceAll("/", "-").replace(".md", "")}-${line}.ts`;
        if (language === "ts") writeFileSync(join(folder, name), `export {};\n${text}`);
      }
    }
    const paths = {
      gafferd: [join(repository, "src/index.ts")],
      "gafferd/client": [join(repository, "src/client/client.ts")],
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(repository, "tsconfig.json"),
        compilerOptions: { paths },
        include: ["*.ts"],
        exclude: [],
      }),
    );
    const tsc = Bun.spawn({
      cmd: [join(repository, "node_modules/.bin/tsc"), "--noEmit", "-p", folder],
      cwd: folder,
      stdout: "pipe",
    });
    expect(await tsc.stdout.text()).toBe("");
    expect(await tsc.exited).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
