import { scanWords, type Word } from "./words.ts";

/** Words that a shell runs itself: there is no such program, or it would do nothing. */
const builtins: Readonly<Record<string, string>> = {
  cd: "write `cwd = …`, or set `shell = true`",
  exec: "leave it out",
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
  /** What there is of it in a word whose quoted parts were cut out. */
  readonly find: RegExp;
  /** What is shown; default: what was found. Never more of the word, which may hold a secret. */
  readonly shown?: string;
  /** Follows what is shown. */
  readonly advice: string;
}

const orQuote = "or put it in quotes if the program is to get it";
const needsShell = `is passed to the program, since no shell runs: set \`shell = true\`, ${orQuote}`;

const syntaxes: readonly Syntax[] = [
  { find: /&&|\|\|?/, advice: needsShell },
  {
    find: /;/,
    advice: `is passed to the program, since no shell runs: put a comment on a line of its own, set \`shell = true\` for a second command, ${orQuote}`,
  },
  { find: /^&$|(?<=[^&])&$/, advice: "is passed to the program: leave it out, gafferd does not wait for it anyway" },
  {
    find: /^(?:\d*|&)(?:>>?|<<?)(?:&\d)?/,
    advice: `is passed to the program, since no shell runs: see \`redirect_output\` and \`redirect_input\`, set \`shell = true\`, ${orQuote}`,
  },
  // `$(NAME)` is how Kubernetes writes a variable.
  { find: /\$\((?![A-Z_][A-Z\d_]*\))/, shown: "$(…)", advice: needsShell },
  { find: /`/, shown: "` … `", advice: needsShell },
];

/**
 * What in a command line, or in words after one, only a shell would understand: `a | b`, `a && b`, `2>&1`, `$(…)`, `*.log`,
 * `A=1 program`. Each kind once, as sentences that follow the key and say what to write. What is in quotes is meant.
 */
export function findShellSyntax(line: string, kind: "cmd" | "args"): string[] {
  const words = scanWords(line).map((word) => ({ ...word, bare: bareTextOf(line, word) }));
  const found = syntaxes.flatMap(({ find, shown, advice }) => {
    const [operator] = words.flatMap(({ bare }) => find.exec(bare)?.[0] ?? []);
    return operator === undefined ? [] : [`\`${shown ?? operator}\` ${advice}`];
  });
  if (words.slice(1).some(({ bare }) => bare.startsWith("#"))) found.push(`\`#\` and what follows it ${commentAdvice}`);
  if (words.slice(1).some(({ bare }) => isGlob(bare))) found.push(`\`*\` ${needsShell}`);
  return kind === "cmd" ? [...found, ...findAtStart(words)] : found;
}

/** Follows the text that was likely meant as a comment. */
export const commentAdvice = "is part of the value: put a comment on a line of its own";

interface BareWord extends Word {
  readonly bare: string;
}

function findAtStart([first, ...others]: readonly BareWord[]): string[] {
  // A path may hold blanks, and be in quotes for them.
  if (others.length === 0 && first?.bare === "_" && /^[^/.~].*\s/.test(first.text)) {
    return ["is one word, since all of it is in quotes: leave them out"];
  }
  const [, name] = /^([A-Za-z_]\w*)=/.exec(first?.text ?? "") ?? [];
  if (name !== undefined) return [`begins with \`${name}=\`, which only a shell would set: write \`env:${name} = …\``];
  const builtin = first?.bare ?? "";
  if (!Object.hasOwn(builtins, builtin)) return [];
  return [`begins with \`${builtin}\`, which is a command of the shell: ${builtins[builtin]}`];
}

/** The word without what is in quotes or after a backslash, in whose place `_` is put. Expressions in double quotes stay. */
function bareTextOf(line: string, { start, end }: Word): string {
  const raw = line.slice(start, end);
  return raw.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"/g, (quoted) =>
    quoted.startsWith('"') ? `_${/(?<!\\)(?:\$\((?![A-Z_][A-Z\d_]*\))|`)/.exec(quoted)?.[0] ?? ""}` : "_",
  );
}

/** A path with a star. Options (`--allow=*`) and URLs are left to the program by a shell too, as a rule. */
function isGlob(bare: string): boolean {
  return /^[^-*][^*]*\*|^\*[^*]+/.test(bare) && !bare.includes("://") && !bare.includes("=");
}
