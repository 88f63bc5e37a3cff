import { nearest } from "../../suggestion.ts";
import { partsOf, type RoutePattern } from "./allow.ts";

/** Longer paths are shown with parameter names instead of the values of the request. */
const maxShownCharacters = 100;

/**
 * Returns advice for a request without a route, such as "did you mean `POST /processes/web/_start`?" for
 * `POST /processes/web/_stat`. If no route is spelled similarly, lists the routes below the same path. Undefined if
 * there are none.
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

/** If several routes are equally near, prefers one with the method of the request. */
function nearestRoute(
  method: string,
  parts: readonly string[],
  routes: readonly RoutePattern[],
): RoutePattern | undefined {
  let best: { readonly route: RoutePattern; readonly distance: number } | undefined;
  for (const route of routes) {
    const distance = pathDistance(parts, partsOf(route.path));
    if (distance === undefined || (best !== undefined && distance > best.distance)) continue;
    if (best === undefined || distance < best.distance || (route.method === method && best.route.method !== method)) {
      best = { route, distance };
    }
  }
  return best?.route;
}

/** The distance between a path and a pattern with the same number of parts. Undefined if they are not similar. */
function pathDistance(parts: readonly string[], pattern: readonly string[]): number | undefined {
  if (parts.length !== pattern.length) return undefined;
  let distance = 0;
  for (const [index, expected] of pattern.entries()) {
    const ofPart = partDistance(parts[index] ?? "", expected);
    if (ofPart === undefined) return undefined;
    distance += ofPart;
  }
  return distance;
}

/** No literal part of a route is longer. The time to compare grows with the product of both lengths. */
const maxCompared = 32;
/** The shortest abbreviation: `/doc` may mean `/docs`; `/s` is too short. */
const minStem = 3;

function partDistance(part: string, expected: string): number | undefined {
  if (part === "") return undefined;
  if (expected.startsWith(":") || part === expected) return 0;
  if (part.length > maxCompared) return undefined;
  const [given, meant] = [part, expected].map((each) => each.toLowerCase().replace(/^_/, "")) as [string, string];
  if (given === meant) return 0.5;
  const isStem =
    Math.min(given.length, meant.length) >= minStem && (meant.startsWith(given) || given.startsWith(meant));
  // If several parts start the same, prefer the one with the smaller difference in length.
  if (isStem) return 0.6 + Math.abs(given.length - meant.length) / 100;
  return nearest(given, [meant]) === undefined ? undefined : 1;
}

/** The patterns of routes that have a literal part after these parts. */
function routesBelow(parts: readonly string[], routes: readonly RoutePattern[]): string[][] {
  return routes
    .map(({ path }) => partsOf(path))
    .filter((pattern) => {
      const next = pattern[parts.length];
      if (next === undefined || next.startsWith(":") || next === "*") return false;
      return pathDistance(parts, pattern.slice(0, parts.length)) === 0;
    });
}

/** The path of a route with the parts of the request in place of its parameters. */
function fill(pattern: string, parts: readonly string[]): string {
  const filled = partsOf(pattern).map((each, index) => (each.startsWith(":") ? (parts[index] ?? each) : each));
  const path = `/${filled.join("/")}`;
  return path.length > maxShownCharacters ? `/${partsOf(pattern).join("/")}` : path;
}
