const required = "1.4.5";

/** Why gafferd cannot run on this version of Bun. Undefined if it can. A `version` of undefined means: this is not Bun. */
export function refuseBun(version: string | undefined): string | undefined {
  if (version !== undefined && isAtLeast(version, required)) return undefined;
  const found = version === undefined ? "this is not Bun" : `this is Bun ${version}`;
  return (
    `gafferd cannot run: it needs Bun ${required} or later, but ${found}. ` +
    "Older versions silently ignore `uid` and `gid`, so processes meant for another user would run as you. " +
    `Install it with \`npm install --global bun@${required}\`, or run \`bun upgrade\`.`
  );
}

/** Does not use `Bun.semver`, because Bun may be old or missing here. A canary build counts as its release. */
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
