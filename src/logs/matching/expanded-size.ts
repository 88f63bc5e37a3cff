/**
 * About how many steps a regular expression becomes: a repetition such as `{1,50}` repeats what it follows so often. Compiling
 * many steps takes long, so this is checked before. The syntax is checked by the engine.
 */
export function expandedSize(pattern: string): number {
  const groups = [0];
  let last = 0;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === "(") {
      groups.push(0);
      last = 0;
    } else if (character === ")" && groups.length > 1) {
      last = 1 + (groups.pop() ?? 0);
      add(last);
    } else if (character === "{") {
      const [whole, least = "", most = ""] = /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(index, index + 16)) ?? [];
      if (whole === undefined) continue;
      const extra = last * (Math.max(Number(least), Number(most)) - 1);
      add(Math.max(0, extra));
      last += Math.max(0, extra);
      index += whole.length - 1;
    } else {
      if (character === "\\") index += 1;
      else if (character === "[") index = endOfClass(pattern, index);
      last = 1;
      add(1);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);

  function add(size: number): void {
    groups.push((groups.pop() ?? 0) + size);
  }
}

/** The index of the `]` that ends the class at `start`. */
function endOfClass(pattern: string, start: number): number {
  let index = start + 1;
  if (pattern[index] === "^") index += 1;
  // A bracket directly at the start belongs to the class.
  if (pattern[index] === "]") index += 1;
  while (index < pattern.length && pattern[index] !== "]") {
    if (pattern[index] === "\\") index += 1;
    else if (pattern.startsWith("[:", index)) index = Math.max(index, pattern.indexOf(":]", index) + 1);
    index += 1;
  }
  return index;
}
