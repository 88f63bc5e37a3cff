import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { disableIdleTimeout } from "../listen/connection.ts";

const apiPath = /^\w+:\/\/[^/]*\/_plugin\/([^/?#]+)\/api(?:[/?#]|$)/;

/**
 * Passes a request to the plugin whose routes it addresses; undefined for other requests. Called before the routes of the
 * host, so that they need not know the paths of plugins.
 */
export function answerByPlugin(request: Request, plugins: InstalledPlugins): Promise<Response> | undefined {
  const [, name] = apiPath.exec(request.url) ?? [];
  const answer = name === undefined ? undefined : plugins.find(name)?.answer;
  if (answer === undefined) return undefined;
  // The plugin decides how long a response may take or pause.
  disableIdleTimeout(request);
  return answer(request);
}
