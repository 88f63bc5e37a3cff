import type { Mark } from "./mark.ts";

/** A state in words, and in a colour beside them. */
export function StateBadge({ mark: { text, tone, title } }: { mark: Mark }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}
