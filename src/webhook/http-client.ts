import { ptr } from "bun:ffi";
import { loadLibc } from "../libc.ts";

let isRunning = false;

/**
 * Whether `fetch` can be called. Bun (1.4.5) starts one thread for all of its requests with the first of them, and aborts
 * the program if the system does not let it, as when the user or the container is at its limit of processes. So before
 * the first request a thread is started that ends at once.
 */
export function httpClientCanRun(): boolean {
  isRunning ||= canStartThread();
  return isRunning;
}

function canStartThread(): boolean {
  let libc: ReturnType<typeof loadThreads>;
  try {
    libc = loadThreads();
  } catch {
    return true; // Not Linux's C library, so this cannot tell.
  }
  const getpid = libc.dlsym(null, ptr(Buffer.from("getpid\0")));
  const thread = new BigUint64Array(1);
  // pthread_create(3) with a function that takes nothing and returns at once.
  if (libc.pthread_create(ptr(thread), null, getpid, null) !== 0) return false;
  libc.pthread_join(thread[0]!, null);
  return true;
}

function loadThreads() {
  return loadLibc({
    dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
    pthread_create: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
    pthread_join: { args: ["u64", "ptr"], returns: "i32" },
  });
}
