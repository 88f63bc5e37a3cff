import { GafferdError } from "../errors.ts";
import { buildEnvironment, commandOf } from "../template/environment.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { shownUrl } from "../webhook/webhook.ts";
import type { Config } from "./config.ts";
import { type Endpoint, formatBind } from "./endpoint.ts";
import { eventNames } from "./webhooks.ts";
import type { FileWebhooks } from "../webhook/webhook.ts";

/**
 * What gafferd would do with this configuration, for people: `gafferd --check`. Reads the env files, and nothing else;
 * `base` is the environment that processes would inherit.
 */
export function describeConfig(
  config: Config,
  base: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const templates = inStartOrder(config.templates);
  return [
    block("files", config.files),
    block("endpoints", config.endpoints.flatMap(describeEndpoint)),
    block("processes, in the order of starting", templates.flatMap(describeTemplate)),
    block("webhooks", describeWebhooks(config.webhooks)),
    block("warnings", findWarnings(config, base)),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

/** What is allowed and yet likely not meant: variables that are not set, env files that are not there. */
export function findWarnings(
  config: Config,
  base: Readonly<Record<string, string | undefined>> = process.env,
): string[] {
  return [
    ...config.templates.flatMap((template) => {
      try {
        const { unknown } = commandOf(template, buildEnvironment(template, base));
        return unknown.map(
          (name) => `${template.name}: $${name} is not set, and stays in the command as it is written`,
        );
      } catch (error) {
        if (error instanceof GafferdError) return [`${template.name}: ${error.message}`];
        throw error;
      }
    }),
    ...config.webhooks.hooks
      .filter(({ pattern }) => !hasSource(pattern, config.templates))
      .map(({ pattern }) => `webhooks: ${pattern} is about no process of this configuration`),
  ];
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function describeEndpoint(endpoint: Endpoint): string[] {
  const notes = [
    endpoint.tls?.clientCaFile && "only clients with a certificate",
    !endpoint.auth && "no authentication",
    endpoint.insecure && "insecure",
    endpoint.hosts.length > 0 && `also as ${endpoint.hosts.join(", ")}`,
  ].filter((note) => typeof note === "string");
  return endpoint.binds.map((bind) =>
    [`${endpoint.name}: ${formatBind(bind, endpoint.tls !== undefined)}`, ...notes].join(", "),
  );
}

/** Smaller priorities first, then those without, each in the order of the files. */
function inStartOrder(templates: readonly ProcessTemplate[]): ProcessTemplate[] {
  return templates.toSorted((a, b) => (rankOf(a) === rankOf(b) ? 0 : rankOf(a) - rankOf(b)));
}

function rankOf({ priority }: ProcessTemplate): number {
  return priority ?? Number.POSITIVE_INFINITY;
}

function describeTemplate(template: ProcessTemplate): string[] {
  const { name, cmd, args, numprocesses, start, uid, gid, priority, restart, flapping } = template;
  const settings = [
    `${numprocesses} ${numprocesses === 1 ? "process" : "processes"}`,
    !start && "not started",
    `in ${template.cwd}`,
    uid !== undefined && `as user ${uid}`,
    gid !== undefined && `as group ${gid}`,
    priority !== undefined && `priority ${priority}`,
    template.shell && "under sh -c",
    template.detach && "detached",
    template.onHostExit === "keep" && "kept when gafferd is killed",
    restart !== "always" && `restart ${restart}`,
    flapping && `flapping after ${flapping.attempts} exits in ${flapping.windowMs / 1000} s`,
    template.redirectOutput.length === 0 ? "output discarded" : `output ${template.redirectOutput.join(", ")}`,
    template.killMode !== "mixed" && `kill_mode ${template.killMode}`,
    template.redirectInput && "input",
  ].filter((setting) => typeof setting === "string");
  const command = [oneLine(cmd), ...args.map((arg) => JSON.stringify(arg))].join(" ");
  return [`${name}: ${command}`, `  ${settings.join(", ")}`];
}

function describeWebhooks({ hooks }: FileWebhooks): string[] {
  return hooks.flatMap(({ pattern, urls }) => urls.map((url) => `${pattern}: ${shownUrl(url)}`));
}

function hasSource(pattern: string, templates: readonly ProcessTemplate[]): boolean {
  if (!pattern.startsWith("proc.")) return true;
  const path = pattern.slice("proc.".length);
  return templates.some(({ name }) => path === name || eventNames.some((event) => path === `${name}.${event}`));
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ⏎ ");
}
