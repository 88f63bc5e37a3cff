import { useState } from "preact/hooks";
import type { Announcer } from "./announce.tsx";

export interface Actions {
  /** Does it, unless the same is being done; tells of its success and shows its failure. */
  readonly run: (what: string, done: string, act: () => Promise<unknown>) => Promise<void>;
  /** Whether `what` is being done. */
  readonly isBusy: (what: string) => boolean;
  readonly failure: string | undefined;
  readonly dismiss: () => void;
}

/** What a person asked of the daemon and what came of it. */
export function useActions(announcer: Announcer): Actions {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<string>();
  return {
    async run(what, done, act) {
      if (busy.has(what)) return;
      setFailure(undefined);
      setBusy((before) => new Set([...before, what]));
      try {
        await act();
        announcer.say(done);
      } catch (error) {
        setFailure(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        setBusy((before) => new Set([...before].filter((each) => each !== what)));
      }
    },
    isBusy: (what) => busy.has(what),
    failure,
    dismiss: () => setFailure(undefined),
  };
}
