import { optionLine } from "../help.ts";
import { type Verb, verbs } from "./plugin-options.ts";

/** What `gafferd plugin --help` prints; with a verb what that takes. */
export function pluginHelp(verb: Verb | undefined): string {
  if (verb !== undefined) {
    const { subject, description, definitions } = verbs[verb];
    const options = definitions.map(([name, definition]) => optionLine(name, definition)).join("\n");
    const words = ["usage: gafferd plugin", verb, "[options]", ...(subject === undefined ? [] : [subject])];
    return `${words.join(" ")}\n\n    ${description}\n\nOptions\n\n${options}\n`;
  }
  const lines = Object.entries(verbs).map(
    ([name, { subject = "", description }]) => `    ${`${name} ${subject}`.padEnd(30)}  ${description}`,
  );
  return `usage: gafferd plugin COMMAND [-p DIR|--plugins-dir=DIR] [-c CONFIG]

Commands

${lines.join("\n")}

    gafferd plugin COMMAND --help says what a command takes.
    A gafferd that runs sees sites at once, and code when it is started anew.
`;
}
