import * as elysia from "elysia";

/** Modules by the names under which plugins import them. */
export type ProvidedModules = Readonly<Record<string, () => Promise<object>>>;

/** What `provideModules` gives besides. */
const always: ProvidedModules = { elysia: async () => elysia };

/** The names that plugins can import without having them. */
export function providedNames(modules: ProvidedModules): string[] {
  return Object.keys({ ...always, ...modules });
}

/**
 * Lets whatever is imported from now on have the running program's own modules under these names: a plugin needs no
 * `node_modules`, and its classes extend ours. The names hold for the whole program, as long as it runs.
 */
export async function provideModules(modules: ProvidedModules): Promise<void> {
  const loaded = await Promise.all(
    Object.entries({ ...always, ...modules }).map(async ([name, load]) => [name, await load()] as const),
  );
  await Bun.plugin({
    name: "gafferd",
    setup(build) {
      // Loaded before, since `require` takes no module that comes later.
      for (const [name, exports] of loaded) build.module(name, () => ({ exports: { ...exports }, loader: "object" }));
    },
  });
}
