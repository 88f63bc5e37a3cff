import { dirname, join } from "node:path";

/** The files of an example plugin, by path: an app with a route, a site that calls it, and a tsconfig.json for editors. */
export function skeleton(name: string): Readonly<Record<string, string>> {
  return { "plugin/index.ts": code(name), "_site/index.html": page(name), "tsconfig.json": `${tsconfig()}\n` };
}

function code(name: string): string {
  return `import { Elysia } from "elysia";
import { type App, type Manager, Plugin } from "gafferd";

export class ${className(name)} extends Plugin {
  override name = "${name}";
  override version = "0.1.0";
  override description = "counts exits";

  override app(): App {
    return new ExitCounter();
  }
}

class ExitCounter implements App {
  #exits = 0;

  start(manager: Manager): void {
    manager.log.info("started");
    // gafferd ends this subscription when the app stops.
    manager.subscribe("exit", () => {
      this.#exits += 1;
    });
  }

  /** Served below /_plugin/${name}/api. */
  routes() {
    return new Elysia().get("/exits", () => ({ exits: this.#exits }));
  }
}
`;
}

function page(name: string): string {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>${name}</title>
  <h1>${name}</h1>
  <p>Exits so far: <output id="exits"></output></p>
  <script type="module">
    const { exits } = await (await fetch("api/exits")).json();
    document.querySelector("#exits").value = exits;
  </script>
</html>
`;
}

/** The types come from this gafferd installation, because a plugin has no `node_modules`. */
function tsconfig(): string {
  const source = join(import.meta.dir, "../..");
  const elysia = dirname(Bun.resolveSync("elysia/package.json", import.meta.dir));
  const options = {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "bundler",
    moduleDetection: "force",
    lib: ["ESNext"],
    types: ["bun"],
    typeRoots: [join(elysia, "../@types")],
    paths: {
      gafferd: [join(source, "index.ts")],
      "gafferd/client": [join(source, "client/client.ts")],
      elysia: [elysia],
    },
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    skipLibCheck: true,
  };
  return JSON.stringify({ compilerOptions: options, include: ["plugin"] }, null, 2);
}

/** `MemoryGuard` for `memory-guard`. A class name cannot begin with a digit. */
function className(name: string): string {
  const words = name.split(/[^a-z\d]+/i).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return words.join("").replace(/^(?=\d)/, "Plugin");
}
