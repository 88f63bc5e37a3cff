/** A registered route: `{method: "GET", path: "/processes/:id"}`. */
export interface RoutePattern {
  readonly method: string;
  readonly path: string;
}

/**
 * The sorted methods of a path, including `OPTIONS`, and `HEAD` if it has `GET`. Empty if no route matches the path.
 */
export function methodsOf(path: string, routes: readonly RoutePattern[]): string[] {
  const parts = partsOf(path);
  const methods = new Set(routes.filter((route) => matches(partsOf(route.path), parts)).map(({ method }) => method));
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].toSorted();
}

/** Splits a path or a pattern into its parts: `["processes", ":id"]`. A trailing slash is ignored. */
export function partsOf(path: string): string[] {
  return path.replace(/^\//, "").replace(/\/$/, "").split("/");
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  const last = pattern.at(-1);
  if (last === "*")
    return parts.length >= pattern.length - 1 && matches(pattern.slice(0, -1), parts.slice(0, pattern.length - 1));
  if (pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]));
}
