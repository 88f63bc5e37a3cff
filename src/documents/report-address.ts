import { bootId } from "../boot.ts";

/** The names of runs in events begin with it. */
const runPrefix = "run~";

/** `/processes/web:api/_history/3?boot=r5k2x`: where the report of an exit is. Default: an exit of this run of gafferd. */
export function reportAddressOf({
  name,
  pid,
  boot = bootId,
}: {
  readonly name: string;
  readonly pid: number;
  readonly boot?: string | undefined;
}): string {
  // A run is its own report. No template can have a `~` in its name.
  if (name.startsWith(runPrefix)) return `/runs/${encodeURIComponent(name.slice(runPrefix.length))}`;
  return `/processes/${encodeURIComponent(name).replaceAll("%3A", ":")}/_history/${pid}?boot=${boot}`;
}
