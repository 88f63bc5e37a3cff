import { createMatcher } from "../../src/logs/matching/grep.ts";
import type { Logger } from "../../src/log.ts";
import type { LogItem } from "../../src/logs/log-item.ts";
import { type LogQuery, LogSearch, type NamedOutput } from "../../src/logs/log-search.ts";
import type { hostJournal } from "../journal/journal-host.ts";

type Host = ReturnType<typeof hostJournal>;

export interface Search extends Partial<Omit<LogQuery, "matcher">> {
  readonly grep?: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
  /** Default: `web`. */
  readonly names?: readonly string[];
}

/** An item of a search, as tests compare it. */
export interface FoundItem {
  readonly name: string;
  readonly processId: number | undefined;
  readonly label: string | undefined;
  readonly text?: string;
  readonly gap?: number | undefined;
  readonly reason?: string;
  readonly item: LogItem;
}

/** All items that a search returns, with their bytes as text. */
export async function search(host: Host, { names = ["web"], ...query }: Search = {}): Promise<FoundItem[]> {
  return await searchOutputs(outputsOf(host, names), query, host.log);
}

export async function searchOutputs(outputs: readonly NamedOutput[], query: Search, log: Logger): Promise<FoundItem[]> {
  const opened = await openSearch(outputs, query, log);
  const found: FoundItem[] = [];
  try {
    for (;;) {
      const item = await opened.next();
      if (item === undefined) return found;
      found.push(toFound(item));
      // As if the client were slow.
      if (found.length % 7 === 0) await opened.park();
    }
  } finally {
    await opened.close();
  }
}

export function outputsOf({ journal }: Host, names: readonly string[]): NamedOutput[] {
  return names.flatMap((name) => {
    const kept = journal.find(name);
    return kept === undefined ? [] : [{ name, kept }];
  });
}

export async function openSearch(
  outputs: readonly NamedOutput[],
  { grep = "", regex = false, ignoreCase = false, ...query }: Search,
  log: Logger,
): Promise<LogSearch> {
  return await LogSearch.open({
    outputs,
    isSingle: outputs.length === 1,
    query: {
      processId: undefined,
      label: undefined,
      since: undefined,
      until: undefined,
      limit: 1_000_000,
      order: "oldest",
      follow: false,
      ...query,
      matcher: createMatcher({ text: grep, regex, ignoreCase }),
    },
    log,
    signal: new AbortController().signal,
  });
}

export function toFound(item: LogItem): FoundItem {
  const { name, processId, label } = item;
  if (item.kind === "gap") return { name, processId, label, gap: item.bytes, reason: item.reason, item };
  return {
    name,
    processId,
    label,
    text: item.bytes.toString("latin1"),
    item: { ...item, bytes: Buffer.from(item.bytes) },
  };
}

/** The texts of the lines, and `gap` for gaps. */
export function textsOf(found: readonly FoundItem[]): string[] {
  return found.map(({ text, reason }) => text ?? `gap: ${reason}`);
}
