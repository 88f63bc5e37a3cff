import type { Client, DetailDocument } from "gafferd/client";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { Input } from "./input.tsx";
import { OutputBar } from "./output-bar.tsx";
import { Tail, type TailView } from "./tail.ts";
import { type Found, OutputTerminal } from "./terminal.ts";

interface OutputProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly template: DetailDocument;
  /** One process; undefined for all processes of the template. */
  readonly pid: number | undefined;
  readonly look: { readonly isDark: boolean; readonly readAloud: boolean };
  /** Increases with each new connection; undefined while the page must not be connected. */
  readonly connectionCount: number | undefined;
}

/** The live output of a process or of a whole template, and the field for its input. */
export function Output({ client, actions, template, pid, look, connectionCount }: OutputProps) {
  const { name, redirect_output: labels, redirect_input: takesInput } = template;
  const [label, setLabel] = useState("");
  const [view, setView] = useState<TailView>({ state: "connecting", isPaused: false, gaps: 0 });
  const [found, setFound] = useState<Found>();
  const element = useRef<HTMLDivElement>(null);
  const terminal = useRef<OutputTerminal>(undefined);
  const tail = useRef<Tail>(undefined);
  const chosen = labels.includes(label) ? label : "";
  const outputs = useMemo(() => [...new Set(labels)], [labels.join()]);
  // Lines get a prefix only if several processes share the terminal.
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

  return (
    <section class="output" aria-label="Output">
      {outputs.length > 0 && (
        <OutputBar
          view={view}
          outputs={outputs}
          label={chosen}
          terminal={terminal}
          found={found}
          onLabel={setLabel}
          onPause={() => tail.current?.setPaused(!view.isPaused)}
        />
      )}
      {view.reason !== undefined && view.state === "failed" && (
        <p class="error" role="alert">
          {view.reason}{" "}
          <button type="button" onClick={() => tail.current?.start()}>
            Try again
          </button>
        </p>
      )}
      {outputs.length === 0 && (
        <p class="quiet">
          Output is not kept: the template has no <code>redirect_output</code>.
        </p>
      )}
      <div class="screen" ref={element} hidden={outputs.length === 0} />
      <Input client={client} actions={actions} template={template} pid={pid} takesInput={takesInput} />
    </section>
  );
}
