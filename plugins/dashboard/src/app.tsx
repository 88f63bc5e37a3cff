import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { useActions } from "./actions.ts";
import { AddDialog } from "./dialogs/add-dialog.tsx";
import { Announcements, type Announcer } from "./announce.tsx";
import { Detail } from "./detail/detail.tsx";
import { Empty } from "./empty.tsx";
import { Head } from "./head.tsx";
import { HelpDialog } from "./dialogs/help-dialog.tsx";
import { List, showRow } from "./list/list.tsx";
import type { Live } from "./state/live.ts";
import { isDark, loadPreferences, type Preferences, savePreferences } from "./preferences.ts";
import { RemoveDialog } from "./dialogs/remove-dialog.tsx";
import { go, useRoute } from "./route.ts";
import { type Order, toRows } from "./list/rows.ts";
import { focusOn, useShortcuts } from "./shortcuts.ts";
import { useConnection } from "./state/use-connection.ts";
import { type Verb, verbs } from "./verbs.ts";

type DialogName = "add" | "help" | "remove";

interface AppProps {
  readonly live: Live;
  readonly announcer: Announcer;
  /** The daemon's address, for commands to copy. */
  readonly url: string;
}

export function App({ live, announcer, url }: AppProps) {
  const { client, fleet, figures } = live;
  const connection = useConnection(live);
  const route = useRoute();
  const actions = useActions(announcer);
  const [preferences, setPreferences] = usePreferences();
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>({ column: undefined, isDescending: false });
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<DialogName>();

  const { templates } = fleet;
  const rows = toRows(templates, figures, { filter, order, expanded });
  const template = route.name === undefined ? undefined : fleet.get(route.name);
  // The close event of a dialog comes late; another dialog may be open by then.
  const close = (name: DialogName) => setDialog((before) => (before === name ? undefined : before));
  const toggle = (name: string) => setExpanded((before) => before.symmetricDifference(new Set([name])));
  const act = (verb: Verb) => () => {
    if (template === undefined || route.pid !== undefined || !verb.isUseful(template)) return;
    const { name } = template;
    void actions.run(`${verb.title}: ${name}`, `${name} ${verb.done}`, () => verb.act(client, name));
  };
  const move = (step: number) => {
    const at = rows.findIndex((row) => row.template.name === route.name && row.process?.pid === route.pid);
    const index = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step));
    const row = rows[index];
    if (row === undefined) return;
    go({ name: row.template.name, ...(row.process !== undefined && { pid: row.process.pid }) });
    showRow(rows, index);
  };
  const back = () => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches("input, textarea, select")) focused.blur();
    else go(route.pid === undefined ? {} : { name: route.name ?? "" });
  };
  useShortcuts(
    {
      "/": () => focusOn("#filter"),
      "?": () => setDialog("help"),
      n: () => setDialog("add"),
      j: () => move(1),
      k: () => move(-1),
      p: () => document.querySelector<HTMLElement>("#pause")?.click(),
      f: () => focusOn("#search"),
      i: () => focusOn("#stdin"),
      Escape: back,
      ...Object.fromEntries(Object.values(verbs).map((verb) => [verb.letter, act(verb)])),
    },
    preferences.letters,
  );

  const remove = (name: string) => {
    close("remove");
    void actions.run(`Remove: ${name}`, `${name} removed`, async () => {
      await client.remove(name);
      go({});
    });
  };
  return (
    <>
      <Head
        live={live}
        url={url}
        filter={filter}
        onFilter={setFilter}
        preferences={preferences}
        onPreferences={setPreferences}
        onAdd={() => setDialog("add")}
        onHelp={() => setDialog("help")}
      />
      {actions.failure !== undefined && (
        <p class="banner error" role="alert">
          {actions.failure}{" "}
          <button type="button" onClick={actions.dismiss}>
            Dismiss
          </button>
        </p>
      )}
      <main class={template === undefined ? "" : "open"}>
        {live.connection === "open" && templates.length === 0 ? (
          <Empty url={url} onAdd={() => setDialog("add")} />
        ) : (
          <List
            rows={rows}
            figures={figures}
            route={route}
            order={order}
            expanded={expanded}
            onOrder={setOrder}
            onToggle={toggle}
            onMove={move}
          />
        )}
        {template !== undefined && (
          <Detail
            client={client}
            actions={actions}
            template={template}
            pid={route.pid}
            figures={figures}
            look={{ isDark: isDark(preferences), readAloud: preferences.readAloud }}
            connectionCount={connection}
            onRemove={() => setDialog("remove")}
          />
        )}
        {template === undefined && templates.length > 0 && <p class="hint quiet">{hintOf(route.name, rows.length)}</p>}
      </main>
      {dialog === "help" && (
        <HelpDialog preferences={preferences} onChange={setPreferences} onClose={() => close("help")} />
      )}
      {dialog === "add" && (
        <AddDialog
          client={client}
          onClose={() => close("add")}
          onAdded={(name) => {
            close("add");
            announcer.say(`${name} added`);
            go({ name });
          }}
        />
      )}
      {dialog === "remove" && template !== undefined && (
        <RemoveDialog template={template} onClose={() => close("remove")} onConfirm={() => remove(template.name)} />
      )}
      <Announcements announcer={announcer} />
    </>
  );
}

function hintOf(name: string | undefined, rowCount: number): string {
  if (rowCount === 0) return "No template matches the filter.";
  return name === undefined ? "Select a template to see its details." : `There is no template ${name}.`;
}

function usePreferences(): [Preferences, (preferences: Preferences) => void] {
  const [preferences, setPreferences] = useState(loadPreferences);
  const [, redraw] = useState(0);
  const system = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  useEffect(() => {
    const listen = () => redraw((count) => count + 1);
    system.addEventListener("change", listen);
    return () => system.removeEventListener("change", listen);
  }, [system]);
  // A layout effect sets the theme before the page is drawn, so that it does not flash.
  useLayoutEffect(() => {
    document.documentElement.dataset["theme"] = preferences.theme;
    savePreferences(preferences);
  }, [preferences]);
  return [preferences, setPreferences];
}
