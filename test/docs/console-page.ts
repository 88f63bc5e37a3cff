/** A file that a page shows: a block of code whose first line is a comment with a relative path, such as `; gaffer.ini`. */
export interface ShownFile {
  readonly kind: "file";
  readonly path: string;
  readonly text: string;
}

/** A command that a page shows in a block of `console`, after `$ `; lines that begin with `> ` continue it. */
export interface ShownCommand {
  readonly kind: "command";
  readonly command: string;
  /** The output that the page shows. `…` is any text, a line of `…` any number of lines. */
  readonly output: string;
  /** `interrupt`: the page shows ^C after the output. `go-on`: the output ends with `…`, the command may keep running. */
  readonly end: "exit" | "interrupt" | "go-on";
  /** The line of the page, from 1. */
  readonly line: number;
}

/** The files and commands of a page, in its order. Throws for a block of `console` that begins with output. */
export function readConsolePage(markdown: string): (ShownFile | ShownCommand)[] {
  return codeBlocks(markdown).flatMap(({ language, text, line }): (ShownFile | ShownCommand)[] => {
    if (language === "console") return readCommands(text, line);
    const name = /^(?:;|#|\/\/) ((?:~\/)?\.?[\w-][\w./-]*)\n/i.exec(text)?.[1];
    return name === undefined ? [] : [{ kind: "file", path: name, text }];
  });
}

export interface CodeBlock {
  /** What follows the fence, such as `ts`. */
  readonly language: string;
  readonly text: string;
  /** The line of its text on the page, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\S*)[^\n]*\n([^]*?)^```$/gm)].map(({ 1: language = "", 2: text = "", index }) => ({
    language,
    text,
    line: markdown.slice(0, index).split("\n").length + 1,
  }));
}

function readCommands(text: string, firstLine: number): ShownCommand[] {
  const lines = text.replace(/\n$/, "").split("\n");
  const starts = lines.flatMap((line, at) => (line.startsWith("$ ") ? [at] : []));
  if (starts[0] !== 0) throw new Error(`line ${firstLine}: a console block begins with "$ "`);
  return starts.map((start, at): ShownCommand => {
    const [first = "", ...rest] = lines.slice(start, starts[at + 1]);
    const more = rest.findIndex((line) => !line.startsWith("> "));
    const continued = more === -1 ? rest.length : more;
    const output = rest.slice(continued);
    const last = output.at(-1);
    if (last === "^C") output.pop();
    return {
      kind: "command",
      command: [first, ...rest.slice(0, continued)].map((line) => line.slice(2)).join("\n"),
      output: output.map((line) => `${line}\n`).join(""),
      end: last === "^C" ? "interrupt" : last === "…" ? "go-on" : "exit",
      line: firstLine + start,
    };
  });
}
