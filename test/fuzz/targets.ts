import { bodies } from "./bodies.ts";
import { clientEvents } from "./client-events.ts";
import { databases } from "./databases.ts";
import { envFiles } from "./env-files.ts";
import { expansion } from "./expansion.ts";
import { rawHeaders } from "./headers.ts";
import { ids } from "./ids.ts";
import { ini } from "./ini.ts";
import { logQueries } from "./log-queries.ts";
import { paths } from "./paths.ts";
import { runFiles } from "./run-files.ts";
import { segments } from "./segments.ts";
import type { FuzzTarget } from "./target.ts";
import { templates } from "./templates.ts";
import { terminal } from "./terminal.ts";
import { values } from "./values.ts";

/** All targets of `bun run fuzz`. */
export const targets: readonly FuzzTarget[] = [
  bodies,
  paths,
  rawHeaders,
  ids,
  logQueries,
  templates,
  ini,
  envFiles,
  expansion,
  values,
  runFiles,
  databases,
  segments,
  clientEvents,
  terminal,
];
