import { flag } from "../operation/parameter.ts";

/** Query parameter of all `_restart` routes. */
export const spawnFirst = flag(
  "spawn_first",
  false,
  "`true`: start each replacement before stopping the old process, so that one additional process runs for a short time.",
);
