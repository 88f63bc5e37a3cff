import type { Tab } from "./browser.ts";

/** The browser's `EventSource` in a page. */
export interface Followed {
  /** The events received so far. */
  seen(): Promise<{ readonly event: string; readonly data: string }[]>;
  /** `readyState`: 0 connecting, 1 open, 2 closed. */
  state(): Promise<number>;
}

/** Follows a stream in the page of a tab. Call at most once per tab. */
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
