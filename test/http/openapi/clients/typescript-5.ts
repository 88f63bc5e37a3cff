import { createRequire } from "node:module";

// Preloaded into generators that write code with TypeScript's API, which version 7 does not have yet. `oazapfts` brings
// version 5.
const ofOazapfts = createRequire(import.meta.resolve("oazapfts"));
const typescript = ofOazapfts("typescript") as object;

Bun.plugin({
  name: "typescript-5",
  setup(build) {
    build.module("typescript", () => ({ exports: { ...typescript, default: typescript }, loader: "object" }));
  },
});
