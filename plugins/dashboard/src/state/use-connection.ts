import { useEffect, useState } from "preact/hooks";
import type { Live } from "./live.ts";

/** A tab that is hidden for this long closes its connections: a browser has six for all tabs of one daemon. */
const hiddenMs = 5000;

/**
 * Redraws the page after changes, and keeps it connected while it is visible. Returns the number of connections so far, so
 * that other streams can reconnect at once; undefined while the page is hidden.
 */
export function useConnection(live: Live): number | undefined {
  const [, draw] = useState(0);
  const [returns, setReturns] = useState(0);
  const [isShown, setShown] = useState(true);
  useEffect(() => live.subscribe(() => draw((count) => count + 1)), [live]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(timer);
      if (!document.hidden) setShown(true);
      else timer = setTimeout(() => setShown(false), hiddenMs);
    };
    document.addEventListener("visibilitychange", listen);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", listen);
    };
  }, []);
  useEffect(() => {
    if (isShown) live.start();
    else live.stop();
  }, [live, isShown]);
  const isOpen = live.connection === "open";
  useEffect(() => void (isOpen && setReturns((count) => count + 1)), [isOpen]);
  return isShown ? returns : undefined;
}
