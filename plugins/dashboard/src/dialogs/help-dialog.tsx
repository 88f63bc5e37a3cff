import { Dialog } from "./dialog.tsx";
import type { Preferences } from "../preferences.ts";

const keys: readonly (readonly [string, string])[] = [
  ["/", "filter the templates"],
  ["j, k or ↓, ↑", "next or previous row"],
  ["n", "new template"],
  ["s, x, r", "start, stop or restart"],
  ["+, −", "one process more or fewer"],
  ["p", "pause or resume the output"],
  ["f", "search the output; Enter: next match, Shift+Enter: previous"],
  ["i", "write to stdin"],
  ["Escape", "leave a field, then go back to the list"],
  ["?", "show this help"],
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
      {toggle("letters", "Use single letters as shortcuts")}
      {toggle("readAloud", "Let screen readers read the output (slower)")}
    </Dialog>
  );
}
