/** 16 hexadecimal digits. A damaged row has another one: SQLite itself would not notice a changed character. */
export function rowChecksum(values: readonly (string | number)[]): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 16);
}
