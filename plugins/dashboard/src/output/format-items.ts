import type { TailItem } from "gafferd/client";
import { formatBytes, formatExit } from "../format.ts";

const reset = "\x1b[0m";
const dim = (text: string) => `\x1b[0;2m${text}${reset}`;
const warning = (text: string) => `\x1b[0;30;43m ${text} ${reset}`;
/** Colours of the terminal's palette that differ clearly on dark and light backgrounds. */
const pidColours = [36, 35, 34, 32, 33, 31];

/**
 * Converts the items of a tail to text for one terminal. Gaps, spawns and exits get lines of their own. If several processes
 * share the terminal, each line begins with the pid and the label.
 */
export class ItemFormatter {
  #isLineOpen = false;
  #source = "";

  readonly #isPrefixed: boolean;

  constructor(isPrefixed: boolean) {
    this.#isPrefixed = isPrefixed;
  }

  next(item: TailItem): string {
    switch (item.type) {
      case "output":
        return this.#output(`${item.pid} ${item.label}`, item.text, item.pid);
      case "gap":
        return this.#line(warning(`${item.bytes === null ? "some output" : formatBytes(item.bytes)} lost`));
      case "spawn":
        return this.#line(dim(`── ${item.pid} started, os pid ${item.os_pid} ──`));
      case "exit":
        return this.#line(dim(`── ${item.pid} exited: ${formatExit(item)} ──`));
    }
  }

  #output(source: string, text: string, pid: number): string {
    const isContinued = this.#isLineOpen && this.#source === source;
    const begin = this.#isLineOpen && this.#isPrefixed && !isContinued ? `${reset}\n` : "";
    this.#isLineOpen = !text.endsWith("\n");
    this.#source = source;
    if (!this.#isPrefixed) return text;
    const prefix = `\x1b[0;${pidColours[pid % pidColours.length]}m${source}${reset}${dim("│")} `;
    const inner = this.#isLineOpen ? text : text.slice(0, -1);
    const lines = inner.replaceAll("\n", `\n${prefix}`);
    return `${begin}${isContinued ? "" : prefix}${lines}${this.#isLineOpen ? "" : "\n"}`;
  }

  #line(text: string): string {
    const begin = this.#isLineOpen ? "\n" : "";
    this.#isLineOpen = false;
    return `${begin}${text}\n`;
  }
}
