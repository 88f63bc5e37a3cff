import { groupMembers } from "./group.ts";
import { nameAndStateOf } from "../proc-stat.ts";

/** A living process. After SIGKILL it most often waits in the kernel for a disk or a network that does not answer (`D`). */
export interface Survivor {
  readonly osPid: number;
  /** The kernel's short name of it. */
  readonly name: string;
  /** The kernel's letter, such as `D`. */
  readonly state: string;
}

/** The members of a group, and of `escaped` that left it, that still live. Empty where there is no `/proc`. */
export function survivorsOf(groupId: number, escaped: readonly number[]): Survivor[] {
  return identify([...groupMembers(groupId), ...escaped]);
}

/** Those that live. Needs `/proc`. Throws GafferdError `overloaded`. */
export function identify(osPids: readonly number[]): Survivor[] {
  return osPids.flatMap((osPid) => {
    const found = nameAndStateOf(osPid);
    return found === undefined ? [] : [{ osPid, ...found }];
  });
}

const mostNamed = 20;

/** `dd (4711, state D), sleep (4712, state S)`, and how many more there are after 20. */
export function describeSurvivors(survivors: readonly Survivor[]): string {
  const named = survivors.slice(0, mostNamed).map(({ osPid, name, state }) => `${name} (${osPid}, state ${state})`);
  const others = survivors.length - named.length;
  return others > 0 ? `${named.join(", ")} and ${others} more` : named.join(", ");
}
