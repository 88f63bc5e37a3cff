import { localAccounts } from "../accounts.ts";

const checkEveryMs = 1000;
let names: ReadonlyMap<number, string> = new Map();
let source: ReturnType<typeof localAccounts> | undefined;
let checkAtMs = 0;

/**
 * The name of a user in `/etc/passwd`, or else the number. Directory services are not queried, because that can take
 * seconds. Changes of the file take effect within a second.
 */
export function userName(uid: number): string {
  if (performance.now() >= checkAtMs) {
    checkAtMs = performance.now() + checkEveryMs;
    const accounts = localAccounts();
    if (accounts !== source) {
      source = accounts;
      // If a number has several names, the first one counts.
      names = new Map(accounts.toReversed().map((account) => [account.uid, account.name]));
    }
  }
  return names.get(uid) ?? String(uid);
}
