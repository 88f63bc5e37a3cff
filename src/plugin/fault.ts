import { dirname } from "node:path";

/** Describes what a plugin threw in one line: the message and, if the stack has one, a position in the folder of `file`. */
export function describeFault(fault: unknown, file: string): string {
  if (fault instanceof AggregateError) return fault.errors.map((each) => describeFault(each, file)).join("; ");
  const message = fault instanceof Error ? fault.message || fault.name : String(fault);
  const place = placeOf(fault, dirname(file));
  return place === undefined ? message : `${message} (${place})`;
}

/** Whether the stack of an error, or of one of its causes, contains a file of the folder. */
export function isFrom(fault: unknown, folder: string): boolean {
  if (!(fault instanceof Error)) return false;
  return (fault.stack?.includes(`${folder}/`) ?? false) || isFrom(fault.cause, folder);
}

/** `/p/dummy/plugin/index.ts:12:9` */
function placeOf(fault: unknown, folder: string): string | undefined {
  if (!(fault instanceof Error)) return undefined;
  // A syntax error has a position and no stack.
  const { position } = fault as { position?: { file: string; line: number; column: number } | null };
  if (position) return `${position.file}:${position.line}:${position.column}`;
  const start = fault.stack?.indexOf(`${folder}/`) ?? -1;
  if (start === -1) return undefined;
  return /^[^\n]*?:\d+(:\d+)?/.exec(fault.stack?.slice(start) ?? "")?.[0];
}
