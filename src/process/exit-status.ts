/** How a process ended: a code or a signal (`"SIGTERM"`), never both. */
export type ExitStatus = { readonly exitCode: number } | { readonly signal: string };
