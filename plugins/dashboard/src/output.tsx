import type { Client, DetailDocument } from "gafferd/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Actions } from "./actions.ts";
import { plural } from "./format.ts";
import { Input } from "./input.tsx";
import { Tail, type TailView } from "./tail.ts";
import { type Found, OutputTerminal } from "./terminal.ts";

interface OutputProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly template: DetailDocument;
  /** One process; undefined: all of the template. */
  readonly pid: number | undefined;
  readonly look: { readonly isDark: boolean; readonly readAloud: boolean };
  /** Counts up with each new connection; undefined while there is to be none. */
  readonly connectionCount: number | undefined;
}

const states: Record<TailView["state"], string> = {
  connecting: "connecting",
  live: "live",
  lost: "connection lost, reconnecting",
  ended: "ended",
  failed: "cannot be followed",
};

/** What a process or all of a template say, as it comes, and a line to answer. */
export function Output({ client, actions, template, pid, look, connectionCount }: OutputProps) {
  const { name, redirect_output: labels, redirect_input: takesInput } = template;
  const [label, setLabel] = useState("");
  const [view, setView] = useState<TailView>({ state: "connecting", isPaused: false, gaps: 0 });
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<Found>();
  const element = useRef<HTMLDivElement>(null);
  const terminal = useRef<OutputTerminal>(undefined);
  const tail = useRef<Tail>(undefined);
  const chosen = labels.includes(label) ? label : "";
  const outputs = useMemo(() => [...new Set(labels)], [labels.join()]);
  // Lines of several processes need names; what one says needs none, whatever it was scaled to.
  const isPrefixed = pid === undefined && template.status.numprocesses > 1;

  useEffect(() => {
    if (element.current === null) return undefined;
    const made = new OutputTerminal(element.current, setFound);
    terminal.current = made;
    const follow = new Tail({
      client,
      of: { target: pid ?? name, label: chosen || undefined, isPrefixed },
      terminal: made,
      onChange: setView,
    });
    tail.current = follow;
    setView({ state: "connecting", isPaused: false, gaps: 0 });
    return () => {
      follow.stop();
      made.dispose();
    };
  }, [name, pid, chosen, isPrefixed, outputs]);
  useEffect(() => {
    if (connectionCount !== undefined && outputs.length > 0) tail.current?.start();
    return () => tail.current?.stop();
  }, [name, pid, chosen, isPrefixed, outputs, connectionCount]);
  useEffect(
    () => terminal.current?.setLook(look),
    [name, pid, chosen, isPrefixed, outputs, look.isDark, look.readAloud],
  );

  const find = (isBackward: boolean) => terminal.current?.find(search, isBackward);
  return (
    <section class="output" aria-label="Output">
      <div class="bar">
        <span class={`tail ${view.isPaused ? "paused" : view.state}`} role="status">
          {view.isPaused ? "paused" : states[view.state]}
          {view.gaps > 0 && ` · ${plural(view.gaps, "gap")}`}
        </span>
        {outputs.length > 1 && (
          <select
            aria-label="Which output"
            value={chosen}
            onInput={({ currentTarget }) => setLabel(currentTarget.value)}
          >
            <option value="">all outputs</option>
            {outputs.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <button
          type="button"
          id="pause"
          aria-pressed={view.isPaused}
          disabled={outputs.length === 0}
          onClick={() => tail.current?.setPaused(!view.isPaused)}
        >
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
      {view.reason !== undefined && view.state === "failed" && (
        <p class="error" role="alert">
          {view.reason}
        </p>
      )}
      {outputs.length === 0 && (
        <p class="quiet">
          Its output is not held: the template has no <code>redirect_output</code>.
        </p>
      )}
      <div class="screen" ref={element} hidden={outputs.length === 0} />
      <Input client={client} actions={actions} template={template} pid={pid} takesInput={takesInput} />
    </section>
  );
}
