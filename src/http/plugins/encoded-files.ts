import { encode, type Encoding } from "../operation/encoding.ts";

/** A file as it is now. */
export interface VersionedFile {
  readonly path: string;
  /** Differs for each content of the file. */
  readonly version: string;
  /** Reads the whole content. */
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** The maximum size of a cached file. Larger files are compressed as a stream for each request. */
export const maxCachedFileBytes = 1024 * 1024;
/** The maximum total size of the cache. */
const maxTotalBytes = 16 * 1024 * 1024;

interface CachedFile {
  readonly version: string;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
  /** 0 until the compressed size is known. */
  size: number;
}

/** A cache of compressed files of sites. When it is full, it drops the least recently used files. */
export class EncodedFiles {
  /** By encoding and path, the most recently used last. */
  readonly #entries = new Map<string, CachedFile>();
  #total = 0;

  /** Returns the compressed content of a file. */
  get(file: VersionedFile, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
    const key = `${encoding} ${file.path}`;
    const before = this.#entries.get(key);
    if (before !== undefined) this.#drop(key, before);
    const entry = before?.version === file.version ? before : this.#read(key, file, encoding);
    this.#entries.set(key, entry);
    this.#total += entry.size;
    return entry.bytes;
  }

  #read(key: string, { version, read }: VersionedFile, encoding: Encoding): CachedFile {
    const bytes = read().then((content) => encode(content, encoding));
    const entry: CachedFile = { version, bytes, size: 0 };
    bytes.then(
      ({ length }) => this.#setSize(key, entry, length),
      () => this.#entries.get(key) === entry && this.#drop(key, entry),
    );
    return entry;
  }

  #setSize(key: string, entry: CachedFile, size: number): void {
    if (this.#entries.get(key) !== entry) return;
    entry.size = size;
    this.#total += size;
    for (const [oldest, each] of this.#entries) {
      if (this.#total <= maxTotalBytes) return;
      this.#drop(oldest, each);
    }
  }

  #drop(key: string, entry: CachedFile): void {
    this.#entries.delete(key);
    this.#total -= entry.size;
  }
}
