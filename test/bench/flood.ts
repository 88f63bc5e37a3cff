import type { Gafferd } from "./gafferd.ts";

/** Starts a process that writes lines of about 100 bytes as fast as it can. Resolves to its pid. */
export async function flood(gafferd: Gafferd): Promise<number> {
  const cmd = `yes '${"a line of a flood, ".repeat(5)}'`;
  const [pid = 0] = await gafferd.create({ name: "flood", cmd, redirect_output: ["stdout"] });
  return pid;
}
