const preflightSeconds = 600;

/** Response headers that scripts may read, besides the few that browsers always allow. */
export const exposedHeaders = [
  "Allow",
  "ETag",
  "Location",
  "Retry-After",
  "X-Gaffer-Gap",
  "X-Gaffer-Next",
  "X-Gaffer-Taken",
];

/** The CORS headers of each response to a page of `origin`. Cookies are not used. */
export function corsHeaders(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, "access-control-expose-headers": exposedHeaders.join(", ") };
}

/** The CORS headers of the response to a preflight request (`OPTIONS`). */
export function preflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    "access-control-allow-methods": methods.join(", "),
    // `*` does not include `Authorization`.
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": String(preflightSeconds),
  };
}
