import { useEffect, useRef } from "preact/hooks";

/** The action for each key, by the key's name. help-dialog.tsx lists them. */
export type Shortcuts = Readonly<Record<string, (() => void) | undefined>>;

/**
 * Handles shortcuts, except in text fields and dialogs. Single-letter shortcuts can be turned off for users of speech
 * input.
 */
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

/** Whether the user is typing in a field. Not in the terminal's hidden field, nor in a field of a dialog that was just closed. */
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
