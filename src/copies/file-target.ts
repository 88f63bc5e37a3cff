import type { Logger } from "../log.ts";
import { resolveUser } from "../process/spawn/user.ts";
import type { OutputGap, OutputProcess } from "../reading/output-source.ts";
import { outputFilePath } from "../template/output-settings.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { CopyTarget, OutputPiece } from "./copy-output.ts";
import { describeGap } from "../reading/describe-gap.ts";
import { OutputFile } from "./output-file.ts";

export interface FileTargetOptions {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** The `output_file` of one template: one file, or several if the path contains `%p` or `%l`. */
export class FileTarget implements CopyTarget {
  readonly isOver = false;
  readonly #options: FileTargetOptions;
  /** The open files, by path. */
  readonly #files = new Map<string, OutputFile>();
  /** The process that was accepted last, for a gap that names no process. */
  #last: OutputProcess | undefined;

  constructor(options: FileTargetOptions) {
    this.#options = options;
  }

  accepts(process: OutputProcess): boolean {
    if (process.template.outputFile === undefined) return false;
    this.#last = process;
    return true;
  }

  async write(pieces: readonly OutputPiece[]): Promise<void> {
    const chunks = new Map<OutputFile, Uint8Array[]>();
    for (const { process, label, bytes } of pieces) {
      const file = this.#fileOf(process.template, process.id, label);
      if (file === undefined) continue;
      const chunk = chunks.get(file);
      if (chunk === undefined) chunks.set(file, [bytes]);
      else chunk.push(bytes);
    }
    await Promise.all([...chunks].map(([file, chunk]) => file.append(Buffer.concat(chunk))));
    await this.#closeOthers(pieces);
  }

  async lost(gap: OutputGap): Promise<void> {
    const template = this.#last?.template;
    if (template === undefined) return;
    const { processId = this.#last?.id ?? 0, label = template.redirectOutput[0] ?? "" } = gap;
    const text = `gafferd: lost here, because this file was too slow: ${describeGap(template.name, gap)}\n`;
    await this.#fileOf(template, processId, label)?.append(text);
  }

  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  /** The number of files that are open. */
  get openCount(): number {
    return [...this.#files.values()].filter(({ isOpen }) => isOpen).length;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }

  #fileOf(template: ProcessTemplate, id: number, label: string): OutputFile | undefined {
    const { outputFile, outputRotate: rotation, name } = template;
    if (outputFile === undefined) return undefined;
    const path = outputFilePath(outputFile, { name, id, label });
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new OutputFile({ ...this.#options, path, rotation, user: userOf(template) });
      this.#files.set(path, file);
    }
    return file;
  }

  /** Closes files of processes that have exited, if a path names the process. */
  async #closeOthers(pieces: readonly OutputPiece[]): Promise<void> {
    if (this.#files.size <= maxFiles) return;
    const used = new Set(pieces.map(({ process, label }) => this.#fileOf(process.template, process.id, label)));
    for (const [path, file] of this.#files) {
      if (this.#files.size <= maxFiles) return;
      if (used.has(file)) continue;
      this.#files.delete(path);
      await file.close();
    }
  }
}

/** The least recently opened files are closed beyond this number. They are opened again when they are written. */
const maxFiles = 16;

function userOf(template: ProcessTemplate) {
  try {
    return resolveUser(template);
  } catch {
    // The account was removed since the spawn.
    return undefined;
  }
}
