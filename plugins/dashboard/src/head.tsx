import { plural } from "./format.ts";
import type { Live } from "./state/live.ts";
import { needsAttention } from "./badge.ts";
import type { Preferences } from "./preferences.ts";
import { toHash } from "./route.ts";

interface HeadProps {
  readonly live: Live;
  /** The URL of the API. */
  readonly url: string;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly preferences: Preferences;
  readonly onPreferences: (preferences: Preferences) => void;
  readonly onAdd: () => void;
  readonly onHelp: () => void;
}

/** The header of the page: counts, filter and buttons, and a banner while the connection is lost. */
export function Head({ live, url, filter, onFilter, preferences, onPreferences, onAdd, onHelp }: HeadProps) {
  const { templates } = live.fleet;
  const processCount = templates.reduce((sum, { processes }) => sum + processes.length, 0);
  const troubled = templates.filter(needsAttention).length;
  return (
    <>
      <header class="head">
        <h1>
          <a href={toHash({})}>gafferd</a>
        </h1>
        <p class="counts">
          <span>{plural(templates.length, "template")}</span>
          <span>{plural(processCount, "process", "processes")}</span>
          {troubled > 0 && <span class="trouble">{plural(troubled, "needs", "need")} attention</span>}
        </p>
        <input
          id="filter"
          type="search"
          placeholder="Filter"
          aria-label="Filter the templates by name"
          value={filter}
          onInput={({ currentTarget }) => onFilter(currentTarget.value)}
        />
        <a
          href={`${url}/processes?format=ini`}
          download="gaffer.ini"
          title="Download what runs as a configuration file"
        >
          As INI
        </a>
        <button type="button" class="primary" onClick={onAdd}>
          New template
        </button>
        <select
          aria-label="Theme"
          value={preferences.theme}
          onInput={({ currentTarget }) =>
            onPreferences({ ...preferences, theme: currentTarget.value as Preferences["theme"] })
          }
        >
          <option value="system">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
        <button type="button" aria-label="Keys and settings" onClick={onHelp}>
          ?
        </button>
      </header>
      {live.connection === "lost" && (
        <p class="banner" role="alert">
          {live.problem ?? "gafferd does not answer. Reconnecting automatically; the page may be out of date."}{" "}
          <button type="button" onClick={() => live.start()}>
            Try now
          </button>
        </p>
      )}
    </>
  );
}
