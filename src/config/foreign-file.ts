/**
 * Recognizes a file without INI sections: JSON (pm2, process-compose), JavaScript (pm2), YAML (Kubernetes, Compose) or
 * a Procfile (foreman). Returns a message and the line that shows the format; undefined for anything else.
 */
export function describeForeignFile(
  lines: readonly string[],
): { readonly line: number; readonly message: string } | undefined {
  const significant = [...lines.entries()].filter(([, line]) => !/^\s*(#|;|\/\/|\/\*|\*|$)/.test(line));
  const [first] = significant;
  if (first === undefined) return undefined;
  const [index, text] = first;
  const found = (what: string, example = "`[process:web]` and, on the next line, `cmd = …`") => ({
    line: index + 1,
    message: `this file is ${what}, not INI; write ${example}`,
  });
  if (/^\s*\{|^\s*\[\s*(\{|"|$)/.test(text)) return found("JSON");
  if (/^\s*(module\.exports|export default|import |const )/.test(text)) return found("JavaScript");
  const isNested = significant.some(([, line]) => /^\s*- |^\s+[\w.-]+:(\s|$)/.test(line));
  if (/^---(\s|$)/.test(text) || (/^[\w.-]+:/.test(text) && isNested)) return found("YAML");
  if (significant.every(([, line]) => /^[\w-]+:\s*\S/.test(line))) {
    const [, name, command] = /^([\w-]+):\s*(.*)/.exec(text) ?? [];
    return found("a Procfile", `\`[process:${name}]\` and, on the next line, \`cmd = ${command}\``);
  }
  return undefined;
}
