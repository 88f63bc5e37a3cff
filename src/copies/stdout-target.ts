import type { Logger } from "../log.ts";
import type { Outlet } from "../log/outlet.ts";
import type { OutputGap, OutputProcess } from "../reading/output-source.ts";
import type { CopyTarget, OutputPiece } from "./copy-output.ts";
import { describeGap } from "../reading/describe-gap.ts";

/** gafferd's own stdout. Copies of several templates take turns, so that their lines are not mixed. */
export class StdoutWriter {
  readonly #outlet: Pick<Outlet, "write" | "flushed" | "hasReader">;
  #turn: Promise<void> = Promise.resolve();

  constructor(outlet: Pick<Outlet, "write" | "flushed" | "hasReader">) {
    this.#outlet = outlet;
  }

  get hasReader(): boolean {
    return this.#outlet.hasReader;
  }

  /** Resolves when the bytes were written, or there is no reader any more. */
  write(bytes: Uint8Array): Promise<void> {
    this.#turn = this.#turn.then(() => {
      this.#outlet.write(bytes);
      return this.#outlet.flushed();
    });
    return this.#turn;
  }
}

export interface StdoutTargetOptions {
  /** The name of the template. */
  readonly name: string;
  readonly writer: StdoutWriter;
  readonly log: Logger;
}

/** `output_to = stdout` of one template. */
export class StdoutTarget implements CopyTarget {
  readonly #options: StdoutTargetOptions;

  constructor(options: StdoutTargetOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return !this.#options.writer.hasReader;
  }

  accepts({ template }: OutputProcess): boolean {
    return template.outputTo === "stdout";
  }

  async write(pieces: readonly OutputPiece[]): Promise<void> {
    const { writer, log, name } = this.#options;
    await writer.write(Buffer.concat(pieces.map(({ bytes }) => bytes)));
    if (this.isOver) log.warn(`${name}: the copy to stdout ends, because the reader of gafferd's stdout has exited`);
  }

  async lost(gap: OutputGap): Promise<void> {
    const { log, name } = this.#options;
    log.warn(`not written to stdout, because its reader was too slow: ${describeGap(name, gap)}`);
  }
}
