import { groupMembers } from "./group.ts";
import { nameAndStateOf } from "../proc-stat.ts";

/** A process that is still running. After SIGKILL, it usually waits in the kernel for a disk or a network (state `D`). */
export interface Survivor {
  readonly osPid: number;
  /** The command name from the kernel (`comm`). */
  readonly name: string;
  /** The state letter from the kernel, such as `D`. */
  readonly state: string;
}

/** The running processes among the members of a group and `escaped`. Empty if the system has no `/proc`. */
export function survivorsOf(groupId: number, escaped: readonly number[]): Survivor[] {
  return identify([...groupMembers(groupId), ...escaped]);
}

/** The running processes among `osPids`. Needs `/proc`. Throws GafferdError `overloaded`. */
export function identify(osPids: readonly number[]): Survivor[] {
  return osPids.flatMap((osPid) => {
    const found = nameAndStateOf(osPid);
    return found === undefined ? [] : [{ osPid, ...found }];
  });
}

const maxNamed = 20;

/** `dd (4711, state D), sleep (4712, state S)`. Names up to 20 processes and counts the others. */
export function describeSurvivors(survivors: readonly Survivor[]): string {
  const named = survivors.slice(0, maxNamed).map(({ osPid, name, state }) => `${name} (${osPid}, state ${state})`);
  const others = survivors.length - named.length;
  return others > 0 ? `${named.join(", ")} and ${others} more` : named.join(", ");
}
