import type { Client, DetailDocument } from "gafferd/client";
import { useState } from "preact/hooks";
import type { Actions } from "../actions.ts";

interface InputProps {
  readonly client: Client;
  readonly actions: Actions;
  readonly template: DetailDocument;
  readonly pid: number | undefined;
  readonly takesInput: boolean;
}

/** The field that writes a line to the stdin of one process. */
export function Input({ client, actions, template, pid, takesInput }: InputProps) {
  const [line, setLine] = useState("");
  const pids = template.processes.map((process) => process.pid);
  const [chosen, setChosen] = useState<number>();
  const to = pid ?? (chosen !== undefined && pids.includes(chosen) ? chosen : pids[0]);
  const isOpen = takesInput && to !== undefined && pids.includes(to);
  const why = takesInput ? "No process is running" : "Input is not possible: redirect_input is off";

  const send = (text: string, eof: boolean) => {
    if (to === undefined) return;
    const what = eof ? `Close the input of process ${to}` : `Write to process ${to}`;
    void actions.run(what, eof ? "input closed" : "line written", async () => {
      await client.write(to, text, { eof });
      setLine("");
    });
  };
  return (
    <form
      class="input"
      onSubmit={(event) => {
        event.preventDefault();
        if (isOpen) send(`${line}\n`, false);
      }}
    >
      {pid === undefined && pids.length > 1 && takesInput && (
        <select
          aria-label="Process to write to"
          value={to}
          onInput={({ currentTarget }) => setChosen(Number(currentTarget.value))}
        >
          {pids.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
      <input
        id="stdin"
        type="text"
        class="code"
        autocomplete="off"
        spellcheck={false}
        aria-label={to === undefined ? "Input" : `Input for process ${to}`}
        placeholder={isOpen ? `Write a line to process ${to}` : why}
        disabled={!isOpen}
        value={line}
        onInput={({ currentTarget }) => setLine(currentTarget.value)}
      />
      <button type="submit" disabled={!isOpen}>
        Send
      </button>
      <button type="button" disabled={!isOpen} onClick={() => send("", true)}>
        Close input
      </button>
    </form>
  );
}
