/** The lines that gafferd prints when it listens. Without templates the last one says how to start a process. */
export function startMessage({ version, urls, templates, hasDashboard }: StartFacts): string[] {
  const runs = templates === 0 ? "no processes yet" : templates === 1 ? "1 template" : `${templates} templates`;
  const first = `gafferd ${version} listens on ${urls.join(", ")} (${runs})`;
  const url = urls[0];
  const page = urls.find((each) => !each.startsWith("unix:"));
  return [
    first,
    ...(hasDashboard && page !== undefined ? [`dashboard: ${page}/_plugin/dashboard/`] : []),
    ...(templates > 0 || url === undefined ? [] : [`start a process: ${curlCommand(url)}`]),
  ];
}

export interface StartFacts {
  readonly version: string;
  /** The addresses it listens on, such as `http://127.0.0.1:5000` and `unix:/run/gaffer.sock`. */
  readonly urls: readonly string[];
  /** Number of templates. */
  readonly templates: number;
  /** Whether a dashboard is served at `/_plugin/dashboard/`. */
  readonly hasDashboard: boolean;
}

function curlCommand(url: string): string {
  const target = url.startsWith("unix:") ? `--unix-socket ${url.slice("unix:".length)} http://localhost` : url;
  return `curl -d '{"name":"hello","cmd":"sleep 60"}' ${target}/processes`;
}
