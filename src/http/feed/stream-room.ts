import { hasDescriptorsFor } from "../../descriptors.ts";
import { GafferdError } from "../../errors.ts";

/** To be called before a request is answered for as long as its client likes. Throws `overloaded`. */
export function assertRoomForStream(): void {
  if (hasDescriptorsFor("stream")) return;
  throw new GafferdError(
    "overloaded",
    "cannot open a stream: the last file descriptors are kept for short requests; " +
      "close other streams, or raise the limit of open files (`ulimit -n`)",
  );
}
