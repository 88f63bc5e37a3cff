/** What differs from run to run, and what stands for it in a comparison. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}/g, "<date>"],
  [/\bos_pid[ =]\d+/g, "os_pid <number>"],
  [/\b\d+\.\d+ s\b/g, "<seconds> s"],
  [/\bprocess \d+ exited and left (\w+) \(\d+, state \w\)/g, "process <number> exited and left $1"],
  [/^pid \d+$/gm, "pid <number>"],
  [/("(?:os_pid|cpu_ms|max_rss|duration_ms|rss|vms|cpu|mem|ctime|event_loop_lag)"):[\d.]+/g, "$1:<number>"],
  [/\bgafferd(?: |\/)\d+\.\d+\.\d+/g, "gafferd <version>"],
  [/("version"):"\d+\.\d+\.\d+"/g, '$1:"<version>"'],
  [/^(id|x-gaffer-next): \S+$/gim, "$1: <id>"],
  [/\bwh_[0-9a-f]{16}\b/g, "<webhook>"],
  [/\be1[0-9a-z]{10,}-\d+\b/g, "<event id>"],
  [/(webhook-(?:id|timestamp|signature): ?)\S+/g, "$1<value>"],
];

/** A text with the things that vary replaced, so that two runs can be compared. */
export function mask(text: string): string {
  const lines = text.replaceAll("\r\n", "\n");
  return masks.reduce((masked, [pattern, replacement]) => masked.replaceAll(pattern, replacement), lines);
}

/**
 * Whether the output of a command is the one that a page shows. `whole`: nothing may follow. Both are masked; `…` in
 * what is shown is any text within a line, and a line of `…` any number of lines. A missing newline at the end does not
 * count: a terminal shows JSON without one like JSON with one.
 */
export function isShownOutput(actual: string, shown: string, { whole }: { whole: boolean }): boolean {
  const lines = mask(shown)
    .split("\n")
    .map((line, at, all) => {
      const newline = at === all.length - 1 ? "" : "\n";
      return line === "…" ? "(?:.*\n)*?" : `${line.split("…").map(RegExp.escape).join(".*?")}${newline}`;
    });
  return new RegExp(`^${lines.join("")}${whole ? "$" : ""}`).test(mask(actual).replace(/[^\n]$/, "$&\n"));
}
