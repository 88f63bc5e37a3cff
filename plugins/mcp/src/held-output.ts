import type { Api } from "./api.ts";

/** A piece of output, or a gap. */
export interface OutputPiece {
  readonly pid?: number;
  readonly name?: string;
  /** The label. */
  readonly stream?: string;
  readonly time?: string;
  readonly data?: string;
  readonly partial?: true;
  readonly gap?: { readonly bytes: number | null };
}

export interface OutputPlace {
  /** A name, a pid, or `run~ID`. */
  readonly target: string;
  /** Undefined: all outputs. */
  readonly label?: string | undefined;
  /** An id from an earlier answer, or an age. Undefined: everything that is held. */
  readonly since?: string | undefined;
  /** Start so many lines back. */
  readonly tail?: number | undefined;
}

/** gafferd answers up to 1 MiB at a time. A process that prints faster than this reads must not keep it reading. */
const maxAnswers = 64;

export interface ReadOptions {
  /** How long to wait for output if there is none. Default: not at all. */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Reads the output that is held, and calls `take` for each piece. Returns the id to continue after it; undefined if there is no
 * output and none will follow.
 */
export async function readHeld(
  api: Api,
  { target, label, since, tail }: OutputPlace,
  { waitMs, signal }: ReadOptions,
  take: (piece: OutputPiece) => void,
): Promise<string | undefined> {
  let next = since;
  for (let answers = 0; answers < maxAnswers; answers++) {
    const isFirst = answers === 0;
    const response = await api.send({
      path: ["streams", target, ...(label === undefined ? [] : [label])],
      query: {
        format: "json",
        ...(waitMs !== undefined && isFirst ? { heartbeat: Math.max(0.1, waitMs / 1000) } : { follow: false }),
        since: next,
        tail: isFirst && next === undefined ? tail : undefined,
      },
      signal,
    });
    // 204: everything was read, and nothing will follow.
    const text = response.status === 204 ? "" : await response.text();
    const before = next;
    next = response.headers.get("x-gaffer-next") ?? next;
    const lines = text.split("\n").filter((line) => line !== "");
    for (const line of lines) take(JSON.parse(line) as OutputPiece);
    if (lines.length === 0 || next === before) break;
  }
  return next;
}
