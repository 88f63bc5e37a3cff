import { scanWords, type Word } from "./words.ts";

/** Commands of the shell itself, and what to write instead. There is no such program, or it would have no effect. */
const builtins: Readonly<Record<string, string>> = {
  cd: "write `cwd = …`, or set `shell = true`",
  exec: "remove it",
  export: "write `env:KEY = value`",
  source: "set `shell = true`, or write `env_file = …`",
  ".": "set `shell = true`, or write `env_file = …`",
  ...Object.fromEntries(
    ["eval", "if", "for", "while", "until", "case", "set", "trap", "ulimit", "umask", "alias", "{", "!"].map((word) => [
      word,
      "set `shell = true`",
    ]),
  ),
};

interface Syntax {
  /** Matches the operator in a word without its quoted parts. */
  readonly find: RegExp;
  /** The text to show; default: the match. Never more of the word, which may be a secret. */
  readonly shown?: string;
  /** Text that follows the operator. */
  readonly advice: string;
}

const orQuote = "or put it in quotes if the program needs it";
const needsShell = `is passed to the program, because no shell is used; set \`shell = true\`, ${orQuote}`;

const syntaxes: readonly Syntax[] = [
  { find: /&&|\|\|?/, advice: needsShell },
  {
    find: /;/,
    advice: `is passed to the program, because no shell is used; put a comment on its own line, set \`shell = true\` for a second command, ${orQuote}`,
  },
  {
    find: /^&$|(?<=[^&])&$/,
    advice: "is passed to the program; remove it, gafferd runs every process in the background",
  },
  {
    find: /^(?:\d*|&)(?:>>?|<<?)(?:&\d)?/,
    advice: `is passed to the program, because no shell is used; see \`redirect_output\` and \`redirect_input\`, set \`shell = true\`, ${orQuote}`,
  },
  // `$(NAME)` is how Kubernetes writes a variable.
  { find: /\$\((?![A-Z_][A-Z\d_]*\))/, shown: "$(…)", advice: needsShell },
  { find: /`/, shown: "` … `", advice: needsShell },
];

/**
 * Warnings about shell syntax in a command line or its arguments: `a | b`, `a && b`, `2>&1`, `$(…)`, `*.log`,
 * `A=1 program`. One sentence for each kind, which follows the key and says what to write. Quoted text is ignored.
 */
export function findShellSyntax(line: string, kind: "cmd" | "args"): string[] {
  const words = scanWords(line).map((word) => ({ ...word, bare: bareTextOf(line, word) }));
  const found = syntaxes.flatMap(({ find, shown, advice }) => {
    const [operator] = words.flatMap(({ bare }) => find.exec(bare)?.[0] ?? []);
    return operator === undefined ? [] : [`\`${shown ?? operator}\` ${advice}`];
  });
  if (words.slice(1).some(({ bare }) => bare.startsWith("#"))) found.push(adviceOnComment("#"));
  if (words.slice(1).some(({ bare }) => isGlob(bare))) found.push(`\`*\` ${needsShell}`);
  return kind === "cmd" ? [...found, ...findAtStart(words)] : found;
}

/**
 * The warning about text that looks like a comment and begins with `sign`. It does not show the text, which may be the
 * rest of a password.
 */
export function adviceOnComment(sign: string): string {
  return `\`${sign}\` and the text after it are part of the value; put a comment on its own line`;
}

interface BareWord extends Word {
  readonly bare: string;
}

function findAtStart([first, ...others]: readonly BareWord[]): string[] {
  // A path with spaces may be in quotes.
  if (others.length === 0 && first?.bare === "_" && /^[^/.~].*\s/.test(first.text)) {
    return ["is a single word, because all of it is in quotes; remove the quotes"];
  }
  const [, name] = /^([A-Za-z_]\w*)=/.exec(first?.text ?? "") ?? [];
  if (name !== undefined) return [`begins with \`${name}=\`, which only a shell supports; write \`env:${name} = …\``];
  const builtin = first?.bare ?? "";
  if (!Object.hasOwn(builtins, builtin)) return [];
  return [`begins with \`${builtin}\`, which is a shell command; ${builtins[builtin]}`];
}

/** The word with `_` in place of quoted and escaped text. Command substitutions in double quotes are kept. */
function bareTextOf(line: string, { start, end }: Word): string {
  const raw = line.slice(start, end);
  return raw.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"/g, (quoted) =>
    quoted.startsWith('"') ? `_${/(?<!\\)(?:\$\((?![A-Z_][A-Z\d_]*\))|`)/.exec(quoted)?.[0] ?? ""}` : "_",
  );
}

/** Whether this is a path with `*`. A shell usually passes options (`--allow=*`) and URLs unchanged too. */
function isGlob(bare: string): boolean {
  return /^[^-*][^*]*\*|^\*[^*]+/.test(bare) && !bare.includes("://") && !bare.includes("=");
}
