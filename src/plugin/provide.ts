import * as elysia from "elysia";

/** Loads the modules that plugins can import, by name. The functions are called before any plugin is loaded. */
export type ProvidedModules = Readonly<Record<string, () => Promise<object>>>;

/** Always provided, in addition. */
const always: ProvidedModules = { elysia: async () => elysia };

/** A path in Bun's package cache: `…/ms@2.1.3@@@1/index.js`. */
const inPackageCache = /@@@\d+[/\\]/;

/** The names that plugins can import without installing them. */
export function providedNames(modules: ProvidedModules): string[] {
  return Object.keys({ ...always, ...modules });
}

/**
 * Makes modules of the running program importable under these names, so that a plugin needs no `node_modules` and its
 * classes extend gafferd's. This applies to the whole program until it exits.
 */
export async function provideModules(modules: ProvidedModules): Promise<void> {
  // Load first, then register: a program that embeds gafferd may load its own module of the same name.
  const loaded = await Promise.all(
    Object.entries({ ...always, ...modules }).map(async ([name, load]) => [name, await load()] as const),
  );
  await Bun.plugin({
    name: "gafferd",
    setup(build) {
      // Bun 1.4.5 downloads a package for an import that is computed at run time, and loads it from its package cache.
      if (!inPackageCache.test(import.meta.path)) {
        build.onLoad({ filter: inPackageCache }, ({ path }) => {
          throw new Error(
            `cannot load ${path}: gafferd does not install packages; run \`bun add\` in the plugin's folder`,
          );
        });
      }
      for (const [name, exports] of loaded) build.module(name, () => ({ exports: { ...exports }, loader: "object" }));
    },
  });
}
