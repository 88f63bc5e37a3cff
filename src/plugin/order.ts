import { GafferdError } from "../errors.ts";
import { nearest } from "../suggestion.ts";

/** A plugin, as far as it matters for the start order. */
export interface Dependent {
  readonly name: string;
  readonly mandatory: readonly string[];
}

/**
 * Sorts plugins so that each starts after the ones in its `mandatory`; otherwise the order is kept. `others` are installed
 * names that need no start. Throws a GafferdError that lists everything that is missing, or a circular dependency.
 */
export function startOrder<T extends Dependent>(plugins: readonly T[], others: readonly string[]): T[] {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  assertComplete(plugins, [...byName.keys(), ...others]);
  const ordered = new Set<T>();
  const visit = (plugin: T, trail: readonly string[]): void => {
    if (ordered.has(plugin)) return;
    const start = trail.indexOf(plugin.name);
    if (start !== -1) throw circularDependency([...trail.slice(start), plugin.name]);
    for (const name of plugin.mandatory) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed, [...trail, plugin.name]);
    }
    ordered.add(plugin);
  };
  for (const plugin of plugins) visit(plugin, []);
  return [...ordered];
}

function assertComplete(plugins: readonly Dependent[], installed: readonly string[]): void {
  const missing = plugins.flatMap(({ name, mandatory }) => {
    const names = mandatory.filter((each) => !installed.includes(each));
    return names.length === 0 ? [] : [`\`${name}\` needs ${names.map((each) => describe(each, installed)).join(", ")}`];
  });
  if (missing.length === 0) return;
  const advice = "install the missing plugins, or remove the plugins that need them";
  throw new GafferdError("not_found", `cannot start the plugins: ${missing.join("; ")}; ${advice}`);
}

function describe(name: string, installed: readonly string[]): string {
  const near = nearest(name, installed);
  return `\`${name}\`, which is not installed${near === undefined ? "" : ` (\`${near}\` is)`}`;
}

function circularDependency(names: readonly string[]): GafferdError {
  const advice = "remove one of these names from a `mandatory` list";
  return new GafferdError("conflict", `cannot start the plugins: circular dependency ${names.join(" -> ")}; ${advice}`);
}
