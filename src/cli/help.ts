import { type Definition, definitionEntries } from "./options.ts";

/** The text of `--help`. It has the layout of gaffer's help, which citty cannot render. */
export function helpText(): string {
  return `${usage}
Args

    CONFIG                      configuration file path

Options

${definitionEntries.map(([name, definition]) => optionLine(name, definition)).join("\n")}

Exit status

    0                           stopped by a signal
    1                           could not start
    2                           invalid command line or configuration
    3                           a template with on_give_up = shutdown failed
    78                          Bun is too old
`;
}

const usage = `usage: gafferd [--version] [--check] [-c CONFIG|--config=CONFIG]
               [-p PLUGINS_DIR|--plugins-dir=PLUGINS_DIR]
               [-v|-vv] [--daemon] [--pidfile=PIDFILE] [--log-file=FILE]
               [--insecure-files] [--bind=ADDRESS] [--certfile=CERTFILE]
               [--keyfile=KEYFILE] [--backlog=BACKLOG]
               [CONFIG]
       gafferd plugin list|install|remove|new [--help]
       gafferd export [--url=URL]
       gafferd mcp [--url=URL]
`;

/** `    -c CONFIG --config=CONFIG   configuration file` */
export function optionLine(name: string, { alias, valueHint, description }: Definition): string {
  const short = alias !== undefined && valueHint !== undefined ? `-${alias} ${valueHint}` : alias && `-${alias}`;
  const long = name === "v" ? "-v -vv" : `--${name}`;
  const flags = [short, valueHint === undefined ? long : `${long}=${valueHint}`].filter(Boolean).join(" ");
  return `    ${flags.padEnd(26)}  ${description}`;
}
