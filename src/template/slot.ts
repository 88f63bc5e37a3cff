import { GafferdError } from "../errors.ts";
import { maxPort } from "./properties.ts";
import type { ProcessTemplate } from "./template.ts";

/** The environment variable with the slot of a process. */
export const slotVariable = "GAFFER_SLOT";

/** The port of the process in this slot; undefined without `port`. It can exceed `maxPort`; see `slotVariables`. */
export function portOf({ port }: Pick<ProcessTemplate, "port">, slot: number): number | undefined {
  return port === undefined ? undefined : port + slot;
}

/** Throws `bad_value` if the template has a `port` and this many processes would need ports above `maxPort`. */
export function assertPorts({ name, port }: Pick<ProcessTemplate, "name" | "port">, numprocesses: number): void {
  const last = (port ?? 0) + numprocesses - 1;
  if (port === undefined || last <= maxPort) return;
  const message = `cannot run ${numprocesses} processes of \`${name}\`: their ports would be ${port} to ${last}, the highest is ${maxPort}`;
  throw new GafferdError("bad_value", message, { field: "port" });
}

/**
 * The variables that gafferd sets for the process in this slot: `GAFFER_SLOT`, and `PORT` if the template has a `port`.
 * Throws `spawn_failed` if the port would exceed `maxPort`.
 */
export function slotVariables(template: Pick<ProcessTemplate, "name" | "port">, slot: number): Record<string, string> {
  const port = portOf(template, slot);
  if (port === undefined) return { [slotVariable]: String(slot) };
  if (port > maxPort) {
    const advice = "lower `port` or `numprocesses`";
    const message = `cannot start \`${template.name}\` in slot ${slot}: its port would be ${port}, the highest is ${maxPort}; ${advice}`;
    throw new GafferdError("spawn_failed", message, { field: "port" });
  }
  return { [slotVariable]: String(slot), PORT: String(port) };
}
