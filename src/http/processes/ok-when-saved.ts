import type { Manager } from "../../manager/manager.ts";

/**
 * The answer to a change of these templates, when it survives a power failure. With `persisted: false` if it is in effect, but
 * the disk refused it, so that the next start does not know it.
 */
export async function okWhenSaved(
  manager: Manager,
  names: readonly string[],
): Promise<{ readonly ok: true; readonly persisted?: false }> {
  return (await manager.kept.saved(names)) ? { ok: true } : { ok: true, persisted: false };
}
