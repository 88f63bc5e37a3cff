import { GafferdError } from "../../errors.ts";
import { parseSignal } from "../../template/signals.ts";

/** The number of the signal in a path. Throws `bad_value`. */
export function signalNumberOf(text: string): number {
  try {
    return parseSignal(text).number;
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    throw new GafferdError(error.code, error.message, { field: "sig", cause: error });
  }
}
