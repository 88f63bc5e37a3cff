import { dlopen, type FFIFunction } from "bun:ffi";

const muslName = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
const libraryNames = process.platform === "darwin" ? ["libSystem.B.dylib"] : ["libc.so.6", muslName, "libc.so"];

/**
 * Functions of this machine's C library: for calls that neither Bun nor node offers. Throws an AggregateError with one
 * reason for each name under which the library was looked for.
 */
export function loadLibc<const Functions extends Record<string, FFIFunction>>(functions: Functions) {
  const reasons: unknown[] = [];
  for (const name of libraryNames) {
    try {
      return dlopen(name, functions).symbols;
    } catch (error) {
      reasons.push(error);
    }
  }
  throw new AggregateError(reasons, `no C library could be loaded (tried ${libraryNames.join(", ")})`);
}
