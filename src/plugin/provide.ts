import * as elysia from "elysia";

/** Modules by the names under which plugins import them; what loads them is called before any plugin. */
export type ProvidedModules = Readonly<Record<string, () => Promise<object>>>;

/** What `provideModules` gives besides. */
const always: ProvidedModules = { elysia: async () => elysia };

/** `…/ms@2.1.3@@@1/index.js` */
const inPackageCache = /@@@\d+[/\\]/;

/** The names that plugins can import without having them. */
export function providedNames(modules: ProvidedModules): string[] {
  return Object.keys({ ...always, ...modules });
}

/**
 * Lets whatever is imported from now on have the running program's own modules under these names: a plugin needs no
 * `node_modules`, and its classes extend ours. The names hold for the whole program, as long as it runs.
 */
export async function provideModules(modules: ProvidedModules): Promise<void> {
  // Before the names are taken: a program of which gafferd is a part may load its own by the same name.
  const loaded = await Promise.all(
    Object.entries({ ...always, ...modules }).map(async ([name, load]) => [name, await load()] as const),
  );
  await Bun.plugin({
    name: "gafferd",
    setup(build) {
      // What an import whose name is made up at run time has made Bun 1.4.5 fetch: it lies in the cache of packages.
      if (!inPackageCache.test(import.meta.path)) {
        build.onLoad({ filter: inPackageCache }, ({ path }) => {
          throw new Error(
            `cannot load ${path}: gafferd installs nothing; put it into a node_modules beside the plugin`,
          );
        });
      }
      for (const [name, exports] of loaded) build.module(name, () => ({ exports: { ...exports }, loader: "object" }));
    },
  });
}
