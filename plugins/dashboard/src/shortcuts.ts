import { useEffect, useRef } from "preact/hooks";

/** What each key does, by the key's name; those of the help. */
export type Shortcuts = Readonly<Record<string, (() => void) | undefined>>;

/** Keys count where nobody types, and not in a dialog. Letters can be turned off, for those who speak to their machine. */
export function useShortcuts(shortcuts: Shortcuts, letters: boolean): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key.length === 1 && !letters) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const isTyping = isField(event.target);
      if (isTyping && event.key !== "Escape") return;
      const act = current.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [letters]);
}

/** The terminal's own field takes no text, nor does one that has the focus still though its dialog was just closed. */
function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || target.classList.contains("xterm-helper-textarea")) return false;
  if (target.closest("dialog:not([open])") !== null) return false;
  return target.matches("input:not([type=checkbox]), textarea, select");
}

export function focusOn(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  if (element instanceof HTMLInputElement) element.select();
}
