const preflightSeconds = 600;

/** Every header of ours that a page may need; a browser shows it a few others only. */
export const exposedHeaders = ["Allow", "ETag", "Location", "Retry-After", "X-Gaffer-Gap", "X-Gaffer-Next"];

/** What a browser must see in every answer before it shows one to a page of `origin`. Cookies are never asked for. */
export function corsHeaders(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, "access-control-expose-headers": exposedHeaders.join(", ") };
}

/** What a browser must see in the answer to `OPTIONS` before it sends what it asked about. */
export function preflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    "access-control-allow-methods": methods.join(", "),
    // The asterisk stands for all but this one.
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": String(preflightSeconds),
  };
}
