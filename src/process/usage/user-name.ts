import { localAccounts } from "../accounts.ts";

const freshMs = 1000;
let names: ReadonlyMap<number, string> = new Map();
let source: ReturnType<typeof localAccounts> | undefined;
let checkAtMs = 0;

/**
 * The user's name in `/etc/passwd`, else the number: a directory service is not asked, since that may take seconds. A
 * change of the file is seen within a second.
 */
export function userName(uid: number): string {
  if (performance.now() >= checkAtMs) {
    checkAtMs = performance.now() + freshMs;
    const accounts = localAccounts();
    if (accounts !== source) {
      source = accounts;
      // The first of several names of a number counts.
      names = new Map(accounts.toReversed().map((account) => [account.uid, account.name]));
    }
  }
  return names.get(uid) ?? String(uid);
}
