const required = "1.4.5";

/** Why gafferd does not run on this version of Bun (absent: on what is not Bun), or undefined when it does. */
export function refuseBun(version: string | undefined): string | undefined {
  if (version !== undefined && isAtLeast(version, required)) return undefined;
  const found = version === undefined ? "this is not Bun" : `this is Bun ${version}`;
  return (
    `gafferd cannot run here: it needs Bun ${required} or later, and ${found}. ` +
    "Older ones ignore `uid` and `gid` in silence: what you meant for another user would run as you. " +
    `Get it with \`npm install --global bun@${required}\` or \`bun upgrade\`.`
  );
}

/** Not `Bun.semver`: the question is asked where Bun may be old or missing. A canary counts as its release. */
function isAtLeast(version: string, wanted: string): boolean {
  const [found, floor] = [numbersOf(version), numbersOf(wanted)];
  for (const [index, part] of floor.entries()) {
    const other = found[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return version.split(/[.+-]/, 3).map(Number);
}
