import { bootId } from "../boot.ts";

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
  return `/processes/${encodeURIComponent(name).replaceAll("%3A", ":")}/_history/${pid}?boot=${boot}`;
}
