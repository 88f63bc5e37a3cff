import type { TailItem } from "gafferd/client";
import { formatBytes, formatExit } from "./format.ts";

const reset = "\x1b[0m";
const dim = (text: string) => `\x1b[0;2m${text}${reset}`;
const warning = (text: string) => `\x1b[0;30;43m ${text} ${reset}`;
/** Of the terminal's palette, told apart on dark and on light. */
const pidColours = [36, 35, 34, 32, 33, 31];

/**
 * Turns the items of a tail into the text of one terminal. What is not output stands in lines of its own. Where several
 * outputs share the terminal, each line begins with whose it is.
 */
export class Weaver {
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
        return this.#line(dim(`── ${item.pid} began, os pid ${item.os_pid} ──`));
      case "exit":
        return this.#line(dim(`── ${item.pid} ended: ${formatExit(item)} ──`));
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
