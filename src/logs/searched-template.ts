import type { KeptOutput } from "../journal/journal.ts";
import type { Logger } from "../log.ts";
import type { LineMatcher } from "./matching/line-matcher.ts";
import type { LogScope } from "./log-item.ts";

/** A template whose output on disk is searched. */
export interface SearchedTemplate {
  /** Its segments are loaded. */
  readonly kept: KeptOutput;
  readonly scope: LogScope;
  readonly matcher: LineMatcher;
  readonly log: Logger;
  /** Ends the search early. */
  readonly signal: AbortSignal;
}
