/** Only root can give files to others, and only Linux has these namespaces. */
export const isLinuxRoot = process.geteuid?.() === 0 && process.platform === "linux";

/** Whether a command such as `unshare --user` may run another one here. */
export function canRun(command: readonly string[]): boolean {
  return Bun.which(command[0] ?? "") !== null && Bun.spawnSync([...command, "true"]).exitCode === 0;
}
