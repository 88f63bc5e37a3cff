import { GafferdError } from "../../errors.ts";
import { runStates } from "../../documents/run-schemas.ts";
import { toDurationMs } from "../../template/convert.ts";
import { parseSize } from "../../template/size.ts";
import { choice, type ReadableParameter } from "../operation/parameter.ts";

/** How long a request waits for the end of a run: milliseconds, or `Infinity`. */
function waitParameter(byDefault: string, example: string, description: string): ReadableParameter<number> {
  return {
    name: "wait",
    description: `How long to wait for the end of the run: \`exit\` (as long as it runs), or a duration such as \`10s\`; \`0\` responds immediately. ${description} A client that stops waiting does not stop the run.`,
    schema: { type: "string", default: byDefault },
    examples: [example, "0"],
    read: (query) => {
      const text = query.get("wait") ?? byDefault;
      if (text === "exit") return Infinity;
      try {
        return toDurationMs(text);
      } catch (cause) {
        const message = `\`wait\` must be exit, or a duration such as 10s or 0, not \`${text}\``;
        throw new GafferdError("bad_value", message, { field: "wait", cause });
      }
    },
  };
}

const defaultMaxBytes = 64 * 1024;
const maxMaxBytes = 16 * 1024 * 1024;

const maxBytes: ReadableParameter<number> = {
  name: "max_bytes",
  description: "The most bytes of each output to return. Of a longer output, its head and its tail are returned.",
  schema: { anyOf: [{ type: "integer", minimum: 0, maximum: maxMaxBytes }, { type: "string" }], default: "64k" },
  examples: ["4096", "64k", "0"],
  read: (query) => {
    const text = query.get("max_bytes");
    const bytes = text === null ? defaultMaxBytes : sizeOf(text);
    if (bytes <= maxMaxBytes) return bytes;
    throw new GafferdError("bad_value", `\`max_bytes\` must be a size up to 16m, such as 64k, not \`${text}\``, {
      field: "max_bytes",
    });
  },
};

function sizeOf(text: string): number {
  try {
    return parseSize(text);
  } catch {
    return Infinity;
  }
}

const feed = choice(
  "feed",
  ["longpoll", "eventsource", "continuous"],
  "`longpoll` waits as `wait` says and returns the run. `eventsource` sends server-sent events until the run has ended: `run`, its output, and `exit`. `continuous` sends its output as it arrives. Both take the parameters of `/streams`.",
);

/** Query parameters of the routes that start a run. */
export const startParameters = {
  wait: waitParameter("exit", "10s", "If the run has not ended by then, its `state` is `running`."),
  max_bytes: maxBytes,
  feed,
} as const;

/** Query parameters of `GET /runs/:id`. */
export const readParameters = { ...startParameters, wait: waitParameter("0", "200ms", "") } as const;

/** Query parameters of `POST /runs/:id/_stop`. */
export const stopParameters = { max_bytes: maxBytes } as const;

/** Query parameters of `GET /runs`. */
export const listRunsParameters = {
  state: {
    name: "state",
    description: "List only runs in this state. Default: all.",
    schema: { type: "string", enum: runStates },
    examples: ["running", "lost"],
    read: (query) => {
      const text = query.get("state");
      if (text === null) return undefined;
      const state = runStates.find((each) => each === text);
      if (state !== undefined) return state;
      throw new GafferdError("bad_value", `\`state\` must be one of ${runStates.join(", ")}, not \`${text}\``, {
        field: "state",
      });
    },
  } satisfies ReadableParameter<(typeof runStates)[number] | undefined>,
} as const;

/** The query of a request about one run. */
export interface RunQuery {
  /** `Infinity`: until it has ended. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly feed: "longpoll" | "eventsource" | "continuous";
}

/** Throws `bad_value` with the parameter's name in `field`. */
export function parseRunQuery(query: URLSearchParams, parameters: typeof startParameters): RunQuery {
  return {
    waitMs: parameters.wait.read(query),
    maxBytes: parameters.max_bytes.read(query),
    feed: parameters.feed.read(query),
  };
}
