import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { BoundedText } from "./bounded-text.ts";

const scrollbackLines = 5000;

const dark: ITheme = {
  background: "#101418",
  foreground: "#d5dbe1",
  selectionBackground: "#2f4a5f",
  cursor: "#101418",
};
/** The terminal's default palette is for dark backgrounds. These colours have enough contrast on a light one. */
const light: ITheme = {
  background: "#fbfcfd",
  foreground: "#1d252c",
  selectionBackground: "#b9d7ea",
  cursor: "#fbfcfd",
  red: "#b3261e",
  green: "#1a7431",
  yellow: "#8a6100",
  blue: "#1558b0",
  magenta: "#8b2f8f",
  cyan: "#0b6e75",
  white: "#5b6670",
  brightBlack: "#5b6670",
  brightRed: "#c5221f",
  brightGreen: "#137333",
  brightYellow: "#7a5500",
  brightBlue: "#1a5fc4",
  brightMagenta: "#9c27b0",
  brightCyan: "#00696f",
  brightWhite: "#1d252c",
};
const rulers = { matchOverviewRuler: "#b45309", activeMatchColorOverviewRuler: "#d97706" };
const marks = {
  dark: { ...rulers, matchBackground: "#7a5b00" },
  light: { ...rulers, matchBackground: "#ffe08a" },
};

export interface Found {
  /** Number of the current match, from 1; 0 if there is none. */
  readonly position: number;
  readonly count: number;
}

/** A terminal that only displays output. Arrow and page keys scroll it; the page handles all other keys. */
export class OutputTerminal {
  readonly #terminal = new Terminal({
    allowProposedApi: true,
    convertEol: true,
    disableStdin: true,
    cursorInactiveStyle: "none",
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    fontSize: 12,
    lineHeight: 1.2,
    minimumContrastRatio: 4.5,
    scrollback: scrollbackLines,
  });
  readonly #bounded = new BoundedText();
  #isDark = false;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #observer = new ResizeObserver(() => this.#fit.fit());

  constructor(element: HTMLElement, onFound: (found: Found) => void) {
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(this.#search);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#onKey(event));
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) =>
      onFound({ position: resultIndex + 1, count: resultCount }),
    );
    this.#terminal.open(element);
    this.#terminal.textarea?.setAttribute("aria-label", "Output; arrow and page keys scroll");
    this.#observer.observe(element);
  }

  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(this.#bounded.next(text), resolve));
  }

  clear(): void {
    this.#bounded.reset();
    this.#terminal.reset();
  }

  find(text: string, isBackward = false): void {
    const options = { decorations: this.#isDark ? marks.dark : marks.light };
    if (text === "") this.#search.clearDecorations();
    else if (isBackward) this.#search.findPrevious(text, options);
    else this.#search.findNext(text, options);
  }

  setLook({ isDark, readAloud }: { isDark: boolean; readAloud: boolean }): void {
    this.#isDark = isDark;
    this.#terminal.options.theme = isDark ? dark : light;
    this.#terminal.options.screenReaderMode = readAloud;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#terminal.dispose();
  }

  /** Returns false to leave the key to the page, so that Tab leaves the terminal and shortcuts work. */
  #onKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown" || event.ctrlKey || event.metaKey || event.altKey) return false;
    const { rows } = this.#terminal;
    const lines = { ArrowUp: -1, ArrowDown: 1, PageUp: 1 - rows, PageDown: rows - 1 }[event.key];
    if (lines !== undefined) this.#terminal.scrollLines(lines);
    else if (event.key === "Home") this.#terminal.scrollToTop();
    else if (event.key === "End") this.#terminal.scrollToBottom();
    else return false;
    event.preventDefault();
    return false;
  }
}
