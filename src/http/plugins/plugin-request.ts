import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { keepOpen } from "../listen/connection.ts";

const apiPath = /^\w+:\/\/[^/]*\/_plugin\/([^/?#]+)\/api(?:[/?#]|$)/;

/**
 * The answer of the plugin whose routes a request is for; undefined for any other request. Asked before the routes of
 * the host, which thus need not know what plugins take.
 */
export function answerByPlugin(request: Request, plugins: InstalledPlugins): Promise<Response> | undefined {
  const [, name] = apiPath.exec(request.url) ?? [];
  const answer = name === undefined ? undefined : plugins.find(name)?.answer;
  if (answer === undefined) return undefined;
  // How long an answer may take, and be silent, is for the plugin to say.
  keepOpen(request);
  return answer(request);
}
