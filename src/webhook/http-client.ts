import { ptr } from "bun:ffi";
import { loadLibc } from "../libc.ts";

let isRunning = false;

/**
 * Whether `fetch` can be called safely. Bun (1.4.5) starts one thread at the first request and uses it for all requests.
 * If the system refuses that thread, for example at the process limit of the user or the container, Bun aborts the
 * program. So this starts a thread that ends immediately, before the first request.
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
    return true; // Not the C library of Linux: assume that it works.
  }
  const getpid = libc.dlsym(null, ptr(Buffer.from("getpid\0")));
  const thread = new BigUint64Array(1);
  // pthread_create(3) with a function that takes no argument and returns immediately.
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
