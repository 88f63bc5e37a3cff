import type { Tab } from "./browser.ts";

/** The browser's own `EventSource`, in a page. */
export interface Followed {
  /** What came of the events that were listened to, so far. */
  seen(): Promise<{ readonly event: string; readonly data: string }[]>;
  /** 0 while it connects, 1 open, 2 when it has given up for good. */
  state(): Promise<number>;
}

/** Follows a stream in the page of a tab, once for each tab. */
export async function follow(tab: Tab, url: string, events: readonly string[]): Promise<Followed> {
  await tab.page.evaluate(`
    globalThis.seen = [];
    globalThis.source = new EventSource(${JSON.stringify(url)});
    for (const event of ${JSON.stringify(events)}) source.addEventListener(event, ({ data }) => seen.push({ event, data }));
    undefined;`);
  return {
    seen: () => tab.page.evaluate("seen"),
    state: () => tab.page.evaluate("source.readyState"),
  };
}
