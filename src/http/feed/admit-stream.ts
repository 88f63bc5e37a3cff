import { hasDescriptorsFor } from "../../descriptors.ts";
import { GafferdError } from "../../errors.ts";
import { disableIdleTimeout } from "../listen/connection.ts";

/**
 * Call before answering a request with a stream: disables the idle timeout of its connection. Throws `overloaded` if the
 * remaining file descriptors are reserved for short requests.
 */
export function admitStream(request: Request): void {
  if (hasDescriptorsFor("stream")) return disableIdleTimeout(request);
  throw new GafferdError(
    "overloaded",
    "cannot open a stream: the remaining file descriptors are reserved for short requests; " +
      "close other streams or raise the limit of open files (`ulimit -n`)",
  );
}
