/**
 * JavaScriptCore (Bun 1.4.5) ends its compiler, collector and warm-up threads after about 10 s without work, and starts
 * them again later. If that fails because the user, the container or the machine has reached its limit of processes, it
 * aborts the program. With these options it does not use such threads.
 */
const options = {
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useWarmUpMarkedBlocks: "0",
  // Default 64,000. Without compiler threads, the main thread waits 10 to 40 ms for the best code (FTL) of a large function.
  // Loops over output still get it after a second; what runs once in a while does not.
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1000000",
} as const;

/** Adds the options to the environment of a gafferd that will be started. */
export function withSteadyThreads(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, ...options };
}

/**
 * Makes sure that this program does not start threads later. Bun reads the options only at its start, so the program
 * replaces itself with one that has them (execve(2): same process id, arguments and open files). If the program has the
 * options already, they are removed from the environment, so that processes do not inherit them. On a platform without
 * execve, nothing changes.
 */
export function keepThreadsSteady(): void {
  if (Object.entries(options).every(([name, value]) => process.env[name] === value)) {
    for (const name of Object.keys(options)) delete process.env[name];
    return;
  }
  try {
    const { execPath, execArgv, argv } = process;
    process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], withSteadyThreads(process.env));
  } catch {
    // This platform has no execve.
  }
}
