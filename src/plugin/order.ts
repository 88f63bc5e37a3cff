import { GafferdError } from "../errors.ts";
import { nearest } from "../suggestion.ts";

/** What decides who starts when. */
export interface Dependent {
  readonly name: string;
  readonly mandatory: readonly string[];
}

/**
 * The order in which to start: each after what it needs, else as given. `others` are names that are there and need no
 * start. Throws a GafferdError with all that is missing, or with a circle.
 */
export function startOrder<T extends Dependent>(plugins: readonly T[], others: readonly string[]): T[] {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  assertComplete(plugins, [...byName.keys(), ...others]);
  const ordered = new Set<T>();
  const visit = (plugin: T, trail: readonly string[]): void => {
    if (ordered.has(plugin)) return;
    const start = trail.indexOf(plugin.name);
    if (start !== -1) throw circle([...trail.slice(start), plugin.name]);
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
  const advice = "install what is missing, or remove who needs it";
  throw new GafferdError("not_found", `cannot start the plugins: ${missing.join("; ")}; ${advice}`);
}

function describe(name: string, installed: readonly string[]): string {
  const near = nearest(name, installed);
  return `\`${name}\`, which is not installed${near === undefined ? "" : ` (\`${near}\` is)`}`;
}

function circle(names: readonly string[]): GafferdError {
  const advice = "one of them must do without what is `mandatory` for it";
  return new GafferdError(
    "conflict",
    `cannot start the plugins: they need each other: ${names.join(" -> ")}; ${advice}`,
  );
}
