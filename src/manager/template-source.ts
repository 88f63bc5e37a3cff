/** Where a template came from. `file` has the path and the line of its section; `program` is the one that embeds gafferd. */
export type TemplateSource = `file:${string}:${number}` | "http" | `plugin:${string}` | "program";

/** Whether templates of this source are kept on disk. The others are created again at each start. */
export function isStored(source: TemplateSource): boolean {
  return source === "http" || source.startsWith("plugin:");
}
