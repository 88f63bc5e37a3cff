import type { Badge } from "./badge.ts";

/** A state as text with a coloured dot. */
export function StateBadge({ badge: { text, tone, title } }: { badge: Badge }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}
