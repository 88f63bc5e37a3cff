import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { plural } from "../format.ts";
import type { TailView } from "./tail.ts";
import type { Found, OutputTerminal } from "./terminal.ts";

interface OutputBarProps {
  readonly view: TailView;
  /** The labels to choose from. */
  readonly outputs: readonly string[];
  /** The label that is shown; empty for all outputs. */
  readonly label: string;
  readonly terminal: RefObject<OutputTerminal | undefined>;
  readonly found: Found | undefined;
  readonly onLabel: (label: string) => void;
  readonly onPause: () => void;
}

const states: Record<TailView["state"], string> = {
  connecting: "connecting",
  live: "live",
  lost: "connection lost, reconnecting",
  ended: "ended",
  failed: "failed",
};

/** The state of the output, and the controls to select, pause, clear and search it. */
export function OutputBar({ view, outputs, label, terminal, found, onLabel, onPause }: OutputBarProps) {
  const [search, setSearch] = useState("");
  const find = (isBackward: boolean) => terminal.current?.find(search, isBackward);
  return (
    <div class="bar">
      <span class={`tail ${view.isPaused ? "paused" : view.state}`} role="status">
        {view.isPaused ? "paused" : states[view.state]}
        {view.gaps > 0 && ` · ${plural(view.gaps, "gap")}`}
      </span>
      {outputs.length > 1 && (
        <select aria-label="Which output" value={label} onInput={({ currentTarget }) => onLabel(currentTarget.value)}>
          <option value="">all outputs</option>
          {outputs.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      <button type="button" id="pause" aria-pressed={view.isPaused} onClick={onPause}>
        Pause
      </button>
      <button type="button" onClick={() => terminal.current?.clear()}>
        Clear
      </button>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          find(false);
        }}
      >
        <input
          id="search"
          type="search"
          placeholder="Search output"
          aria-label="Search output"
          value={search}
          onInput={({ currentTarget }) => {
            setSearch(currentTarget.value);
            terminal.current?.find(currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && event.shiftKey) {
              event.preventDefault();
              find(true);
            }
          }}
        />
        <output aria-label="Matches">{search === "" || !found ? "" : `${found.position}/${found.count}`}</output>
        <button type="button" aria-label="Previous match" onClick={() => find(true)}>
          ↑
        </button>
        <button type="submit" aria-label="Next match">
          ↓
        </button>
      </form>
    </div>
  );
}
