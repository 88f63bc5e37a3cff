import { nearest } from "../../suggestion.ts";
import { partsOf, type RoutePattern } from "./allow.ts";

/** Longer paths are shown with the names of their parameters instead of the values of the request. */
const maxShownCharacters = 100;

/**
 * Advice for a request that has no route, such as "did you mean `POST /processes/web/_start`?" for
 * `POST /processes/web/_stat`. If no route is spelled alike, it lists the routes below the same path. Undefined if there
 * are none.
 */
export function adviseRoute(method: string, path: string, routes: readonly RoutePattern[]): string | undefined {
  const parts = partsOf(path);
  for (let count = parts.length; count > 0; count -= 1) {
    const kept = parts.slice(0, count);
    const route = nearestRoute(method, kept, routes);
    if (route !== undefined) return `did you mean \`${route.method} ${fill(route.path, kept)}\`?`;
    const above = kept.slice(0, -1);
    const below = above.length === 0 ? [] : routesBelow(above, routes);
    const [first] = below;
    if (first === undefined) continue;
    const names = new Set(below.map((each) => each[above.length]));
    return `${fill(first.slice(0, above.length).join("/"), above)} has ${[...names].toSorted().join(", ")}`;
  }
  return undefined;
}

/** Of routes that are equally near, one of the request's method wins. */
function nearestRoute(
  method: string,
  parts: readonly string[],
  routes: readonly RoutePattern[],
): RoutePattern | undefined {
  let best: { readonly route: RoutePattern; readonly slips: number } | undefined;
  for (const route of routes) {
    const slips = slipsBetween(parts, partsOf(route.path));
    if (slips === undefined || (best !== undefined && slips > best.slips)) continue;
    if (best === undefined || slips < best.slips || (route.method === method && best.route.method !== method)) {
      best = { route, slips };
    }
  }
  return best?.route;
}

/** How far a path is from a pattern with as many parts; undefined for another path altogether. */
function slipsBetween(parts: readonly string[], pattern: readonly string[]): number | undefined {
  if (parts.length !== pattern.length) return undefined;
  let slips = 0;
  for (const [index, expected] of pattern.entries()) {
    const slip = slipOf(parts[index] ?? "", expected);
    if (slip === undefined) return undefined;
    slips += slip;
  }
  return slips;
}

/** No literal part of a route is longer; comparing takes the time of both lengths multiplied. */
const maxCompared = 32;
/** `/doc` is short for `/docs`, and `/s` for nothing. */
const minStem = 3;

function slipOf(part: string, expected: string): number | undefined {
  if (part === "") return undefined;
  if (expected.startsWith(":") || part === expected) return 0;
  if (part.length > maxCompared) return undefined;
  const [given, meant] = [part, expected].map((each) => each.toLowerCase().replace(/^_/, "")) as [string, string];
  if (given === meant) return 0.5;
  const isStem =
    Math.min(given.length, meant.length) >= minStem && (meant.startsWith(given) || given.startsWith(meant));
  // Of two that begin alike, the one whose length differs less.
  if (isStem) return 0.6 + Math.abs(given.length - meant.length) / 100;
  return nearest(given, [meant]) === undefined ? undefined : 1;
}

/** The patterns of routes that have a literal part behind these. */
function routesBelow(parts: readonly string[], routes: readonly RoutePattern[]): string[][] {
  return routes
    .map(({ path }) => partsOf(path))
    .filter((pattern) => {
      const next = pattern[parts.length];
      if (next === undefined || next.startsWith(":") || next === "*") return false;
      return slipsBetween(parts, pattern.slice(0, parts.length)) === 0;
    });
}

/** The path of a route with the request's own parts in the place of its parameters. */
function fill(pattern: string, parts: readonly string[]): string {
  const filled = partsOf(pattern).map((each, index) => (each.startsWith(":") ? (parts[index] ?? each) : each));
  const path = `/${filled.join("/")}`;
  return path.length > maxShownCharacters ? `/${partsOf(pattern).join("/")}` : path;
}
