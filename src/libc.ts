import { dlopen, type FFIFunction } from "bun:ffi";

const muslName = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
const libraryNames = process.platform === "darwin" ? ["libSystem.B.dylib"] : ["libc.so.6", muslName, "libc.so"];

/** Flags of send(2) on Linux: return instead of waiting; return EPIPE without the signal SIGPIPE. */
export const [dontWait, noSignal] = [0x40, 0x4000];

/**
 * Loads functions of the system's C library, for calls that neither Bun nor Node.js offers. Throws an AggregateError
 * with one error for each library name that was tried.
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
  throw new AggregateError(reasons, `cannot load the C library (tried ${libraryNames.join(", ")})`);
}

/** The same, loaded at the first call and kept. */
export function lazyLibc<const Functions extends Record<string, FFIFunction>>(functions: Functions) {
  let loaded: ReturnType<typeof loadLibc<Functions>> | undefined;
  return () => (loaded ??= loadLibc(functions));
}
