const units = ["B", "KB", "MB", "GB", "TB"];

/** `12.3 MB`, in powers of 1024 like `ps` and `top`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** `0.4 %` */
export function formatPercent(percent: number): string {
  return `${percent >= 100 ? Math.round(percent) : percent.toFixed(1)} %`;
}

/** `42 s`, `5 min`, `3 h 20 min`, `2 d 4 h` */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `status 3`, `SIGTERM` */
export function formatExit({ exit_status, term_signal }: { exit_status: number | null; term_signal: string | null }) {
  return term_signal ?? `status ${exit_status ?? "unknown"}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
