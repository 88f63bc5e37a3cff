/**
 * JavaScriptCore (Bun 1.4.5) ends its compiler, collector and warm-up threads after some 10 s without work and starts
 * them again when there is some. When that fails because the user, the container or the machine is at its limit of
 * processes, it aborts the program. These options keep it from using such threads at all.
 */
const options = {
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_useWarmUpMarkedBlocks: "0",
} as const;

/** `environment` with the options, for a gafferd that is about to be started. */
export function withSteadyThreads(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, ...options };
}

/**
 * Makes sure that this program starts no thread later on: Bun reads the options only when it starts, so the program
 * replaces itself by one that has them (execve(2): same process id, arguments and open files). Returns when it has them;
 * then they are taken out of the environment, so that processes do not inherit them. Where a program cannot be replaced,
 * it returns as well, and threads come and go.
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
    // Not on this platform.
  }
}
