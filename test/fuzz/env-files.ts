import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GafferdError } from "../../src/errors.ts";
import { readEnvFile } from "../../src/template/env-file.ts";
import { type FuzzTarget, inTime } from "./target.ts";
import { damaged, oddText } from "./text.ts";

const value = fc.oneof(
  oddText,
  oddText.map((text) => `"${text}"`),
  oddText.map((text) => `'${text}'`),
);
const line = fc.oneof(
  fc.tuple(fc.constantFrom("A", "export A", "é", "A.B", ""), value).map(([name, text]) => `${name}=${text}`),
  fc.constantFrom("export A", "# comment", "", "[section]", "A: b"),
  oddText,
);
const file = damaged(
  fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n", "\r"))
    .map(([lines, end]) => Buffer.from(lines.join(end))),
);

/** An env file gives variables, or an error with its path and the line. */
export const envFiles: FuzzTarget = {
  name: "env-files",
  inputs: 2000,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-fuzz-env-"));
    const path = join(folder, "app.env");
    return {
      property: fc.property(file, (bytes) => {
        writeFileSync(path, bytes);
        try {
          for (const [name, text] of inTime(() => readEnvFile(path))) {
            if (name === "" || `${name}${text}`.includes("\0"))
              throw new Error(`${JSON.stringify(name)} is a variable`);
          }
        } catch (error) {
          if (!(error instanceof GafferdError) || error.code !== "spawn_failed") throw error;
          if (!error.message.includes(path) || !/line \d+: |NUL byte/.test(error.message)) throw error;
        }
      }),
      settle: async () => {},
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};
