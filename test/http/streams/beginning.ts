import { formatStreamId } from "../../../src/http/feed/stream-id.ts";
import { processSource, scopeOf } from "../../../src/reading/output-source.ts";
import type { Serving } from "../serving.ts";

/** The id of a reader of one output at offset 0. */
export function beginningOf({ daemon }: Serving, id: number, label: string): string {
  const { supervisor, process } = daemon.manager.findProcess(id);
  const source = processSource(supervisor, process);
  const scope = scopeOf(source, label);
  const nothing = { order: 0, floor: 0, spawnFloor: 0, given: 0, ahead: [], piece: undefined, hasGaps: false };
  return formatStreamId({ serial: supervisor.ranks.serial, scope, ...nothing });
}
