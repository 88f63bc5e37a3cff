import { Dialog } from "./dialog.tsx";
import type { Preferences } from "./preferences.ts";

const keys: readonly (readonly [string, string])[] = [
  ["/", "filter the templates"],
  ["j, k or ↓, ↑", "next, previous row"],
  ["n", "new template"],
  ["s, x, r", "start, stop, restart"],
  ["+, −", "one process more, fewer"],
  ["p", "pause or go on"],
  ["f", "search the output; Enter, Shift+Enter: next, previous"],
  ["i", "to the line for stdin"],
  ["Escape", "out of a field, then back to the list"],
  ["?", "this help"],
];

interface HelpDialogProps {
  readonly preferences: Preferences;
  readonly onChange: (preferences: Preferences) => void;
  readonly onClose: () => void;
}

export function HelpDialog({ preferences, onChange, onClose }: HelpDialogProps) {
  const toggle = (key: "letters" | "readAloud", text: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={preferences[key]}
        onInput={({ currentTarget }) => onChange({ ...preferences, [key]: currentTarget.checked })}
      />{" "}
      {text}
    </label>
  );
  return (
    <Dialog title="Keys and settings" onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      {toggle("letters", "Single letters are shortcuts")}
      {toggle("readAloud", "Screen readers read the output aloud (slower)")}
    </Dialog>
  );
}
