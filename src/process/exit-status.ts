/** How a process ended: an exit code or a signal (`"SIGTERM"`), never both. */
export type ExitStatus = { readonly exitCode: number } | { readonly signal: string };
