/**
 * Escapes `text` for a terminal, so that a process name or a line of output cannot move the cursor, change the window title
 * or fake a second line. With `colours`, SGR sequences (`ESC [ 31 m`) are kept and reset at the end of the text.
 */
export function printable(text: string, options: { colours?: boolean } = {}): string {
  let isColoured = false;
  const shown = text.replaceAll(sgrOrUnprintable, (found) => {
    if (!found.endsWith("m")) return escapeCharacter(found);
    isColoured ||= options.colours ?? false;
    return options.colours ? found : "";
  });
  return isColoured ? `${shown}\u001B[0m` : shown;
}

/** `2026-01-31T12:00:00.000Z`; on a terminal the local time `12:00:00.000`. */
export function timestamp(date: Date, options: { terminal: boolean }): string {
  if (!options.terminal) return date.toISOString();
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${date.toTimeString().slice(0, 8)}.${milliseconds}`;
}

const escape = "\u001B";
/** An SGR sequence, a control character except tab, or a character that changes text direction or ends a line. */
const sgrOrUnprintable = new RegExp(`${escape}\\[[\\d;:]*m|(?!\\t)[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]`, "gu");

/** `\n`, `\r`, `\x1b`, `\u202e`. */
function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const hex = character.charCodeAt(0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
