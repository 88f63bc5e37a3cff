import { groupMembers } from "./group.ts";
import { nameAndStateOf } from "../proc-stat.ts";

/** What lives on after SIGKILL: most often it waits in the kernel for a disk or a network that does not answer (`D`). */
export interface Survivor {
  readonly osPid: number;
  /** The kernel's short name of it. */
  readonly name: string;
  /** The kernel's letter, such as `D`. */
  readonly state: string;
}

/** Those of a group, and of `strays` that left it, that still live. Empty where there is no `/proc`. */
export function survivorsOf(groupId: number, strays: readonly number[]): Survivor[] {
  return [...groupMembers(groupId), ...strays].flatMap((osPid) => {
    const found = nameAndStateOf(osPid);
    return found === undefined ? [] : [{ osPid, ...found }];
  });
}

/** `dd (4711, state D), sleep (4712, state S)` */
export function describeSurvivors(survivors: readonly Survivor[]): string {
  return survivors.map(({ osPid, name, state }) => `${name} (${osPid}, state ${state})`).join(", ");
}
