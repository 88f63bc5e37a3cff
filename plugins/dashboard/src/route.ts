import { useEffect, useState } from "preact/hooks";

/** The fragment of the page's URL: empty, a template, or one of its processes. */
export interface Route {
  readonly name?: string;
  readonly pid?: number;
}

export function toHash({ name, pid }: Route): string {
  if (name === undefined) return "#/";
  return `#/${encodeURIComponent(name)}${pid === undefined ? "" : `/${pid}`}`;
}

export function parseHash(hash: string): Route {
  const [, name, pid] = /^#\/([^/]+)(?:\/(\d+))?$/.exec(hash) ?? [];
  if (name === undefined) return {};
  try {
    return { name: decodeURIComponent(name), ...(pid !== undefined && { pid: Number(pid) }) };
  } catch {
    return {};
  }
}

export function go(route: Route): void {
  location.hash = toHash(route);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseHash(location.hash));
  useEffect(() => {
    const listen = () => setRoute(parseHash(location.hash));
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, []);
  return route;
}
