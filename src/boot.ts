import { randomBytes } from "node:crypto";

/** Identifies this run of the daemon in ids and on disk: `r` and 40 bits in base 36. Earlier runs had the same pids. */
export const bootId = `r${BigInt(`0x${randomBytes(5).toString("hex")}`).toString(36)}`;
