import { hasDescriptorsFor } from "../../descriptors.ts";
import { GafferdError } from "../../errors.ts";
import { keepOpen } from "../listen/connection.ts";

/**
 * Call before a request is answered for as long as its client likes: its connection may be silent from then on. Throws
 * `overloaded`.
 */
export function admitStream(request: Request): void {
  if (hasDescriptorsFor("stream")) return keepOpen(request);
  throw new GafferdError(
    "overloaded",
    "cannot open a stream: the last file descriptors are kept for short requests; " +
      "close other streams, or raise the limit of open files (`ulimit -n`)",
  );
}
