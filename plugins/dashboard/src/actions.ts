import { useState } from "preact/hooks";
import type { Announcer } from "./announce.tsx";

export interface Actions {
  /** Runs `act`, unless the same action is running already. Announces success with `done`, or shows the failure. */
  readonly run: (what: string, done: string, act: () => Promise<unknown>) => Promise<void>;
  /** Whether the action `what` is running. */
  readonly isBusy: (what: string) => boolean;
  readonly failure: string | undefined;
  readonly dismiss: () => void;
}

/** The actions that the user has started, and the failure of the last one. */
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
