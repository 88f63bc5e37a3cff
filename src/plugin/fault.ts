import { dirname } from "node:path";

/** What somebody's code threw, in one line: its message and, where the stack knows one, its place below `file`'s folder. */
export function describeFault(fault: unknown, file: string): string {
  if (fault instanceof AggregateError) return fault.errors.map((each) => describeFault(each, file)).join("; ");
  const message = fault instanceof Error ? fault.message || fault.name : String(fault);
  const place = placeOf(fault, dirname(file));
  return place === undefined ? message : `${message} (${place})`;
}

/** Whether the stack of what was thrown, or of what caused it, leads through a folder. */
export function isFrom(fault: unknown, folder: string): boolean {
  if (!(fault instanceof Error)) return false;
  return (fault.stack?.includes(`${folder}/`) ?? false) || isFrom(fault.cause, folder);
}

/** `/p/dummy/plugin/index.ts:12:9` */
function placeOf(fault: unknown, folder: string): string | undefined {
  if (!(fault instanceof Error)) return undefined;
  // A file that cannot be parsed has no stack.
  const { position } = fault as { position?: { file: string; line: number; column: number } | null };
  if (position) return `${position.file}:${position.line}:${position.column}`;
  const start = fault.stack?.indexOf(`${folder}/`) ?? -1;
  if (start === -1) return undefined;
  return /^[^\n]*?:\d+(:\d+)?/.exec(fault.stack?.slice(start) ?? "")?.[0];
}
