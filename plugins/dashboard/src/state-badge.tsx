import type { ProcessRow, State } from "./fleet.ts";

/** A state in words, and in a colour beside them. */
export function StateBadge({ state }: { state: State | ProcessRow["state"] }) {
  return (
    <span class={`badge ${state}`}>
      <i aria-hidden="true" />
      {state}
    </span>
  );
}
