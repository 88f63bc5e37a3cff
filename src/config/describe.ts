import { formatUrl } from "../bind.ts";
import { runsAsRoot } from "../files/file-trust.ts";
import { toSeconds } from "../template/duration.ts";
import { inRanks } from "../template/rank.ts";
import type { OutputKeep, ProcessTemplate } from "../template/template.ts";
import { shownUrl } from "../webhook/webhook.ts";
import type { Config } from "./config.ts";
import type { Endpoint } from "./endpoint.ts";
import { formatProblem } from "./problem.ts";
import type { FileWebhooks } from "../webhook/webhook.ts";

/**
 * The output of `gafferd --check`: what this configuration would run. Its last line is `OK: 11 templates, 2 endpoints`.
 */
export function describeConfig(config: Config): string {
  const templates = inRanks(config.templates, (template) => template).flat();
  const blocks = [
    block("files", config.files),
    block("gafferd", describeDaemon(config.gaffer)),
    block("endpoints", config.endpoints.flatMap(describeEndpoint)),
    block("processes, in start order", templates.flatMap(describeTemplate)),
    block("webhooks", describeWebhooks(config.webhooks)),
    block("warnings", config.warnings.map(formatProblem)),
    `OK: ${count(config.templates.length, "template")}, ${count(config.endpoints.length, "endpoint")}\n`,
  ];
  return blocks.filter((text) => text !== "").join("\n");
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function describeDaemon(gaffer: Config["gaffer"]): string[] {
  const { onCrash, onHang, hangTimeoutMs, memoryLimitBytes, insecureFiles } = gaffer;
  return [
    onCrash === "restart" && "started again if it is killed or crashes",
    onHang === "restart" && `started again if it hangs for ${toSeconds(hangTimeoutMs)} s`,
    memoryLimitBytes !== undefined && `keeps at most ${Math.floor(memoryLimitBytes / 1024 ** 2)} MiB of output`,
    insecureFiles && runsAsRoot() && "uses files that other users than root can change",
  ].filter((line) => typeof line === "string");
}

function describeEndpoint(endpoint: Endpoint): string[] {
  const notes = [
    endpoint.tls?.clientCaFile && "client certificate required",
    !endpoint.auth && "no authentication",
    endpoint.insecure && "insecure",
    endpoint.hosts.length > 0 && `hosts ${endpoint.hosts.join(", ")}`,
  ].filter((note) => typeof note === "string");
  return endpoint.binds.map((bind) =>
    [`${endpoint.name}: ${formatUrl(bind, endpoint.tls !== undefined)}`, ...notes].join(", "),
  );
}

function describeTemplate(template: ProcessTemplate): string[] {
  const { name, cmd, args, numprocesses, port, start, uid, gid, priority, restart, flapping } = template;
  const settings = [
    numprocesses === 1 ? "1 process" : `${numprocesses} processes`,
    port !== undefined && describePorts(port, numprocesses),
    !start && "not started",
    `in ${template.cwd}`,
    uid !== undefined && `as user ${uid}`,
    gid !== undefined && `as group ${gid}`,
    priority !== undefined && `priority ${priority}`,
    template.shell && "run by sh -c",
    template.detach && "detached",
    template.onHostExit === "keep" && "keeps running if gafferd is killed",
    restart !== "always" && `restart ${restart}`,
    flapping && `flapping after ${flapping.attempts} exits in ${flapping.windowMs / 1000} s`,
    template.redirectOutput.length === 0 ? "output discarded" : `output ${template.redirectOutput.join(", ")}`,
    template.outputKeep && describeKeep(template.outputKeep),
    template.outputFile !== undefined && describeOutputFile(template),
    template.outputTo !== undefined && `output to ${template.outputTo}`,
    template.killMode !== "mixed" && `kill_mode ${template.killMode}`,
    template.redirectInput && "input",
    `stop_signal ${template.stopSignal}, graceful_timeout ${toSeconds(template.gracefulTimeoutMs)} s`,
    template.backoff === undefined
      ? "backoff off"
      : `backoff ${toSeconds(template.backoff.minMs)} s to ${toSeconds(template.backoff.maxMs)} s`,
  ].filter((setting) => typeof setting === "string");
  const command = [oneLine(cmd), ...args.map((arg) => JSON.stringify(arg))].join(" ");
  return [`${name}: ${command}`, `  ${settings.join(", ")}`];
}

function describeKeep({ maxBytes, maxAgeMs }: OutputKeep): string {
  const limits = [
    maxBytes !== undefined && `${maxBytes} bytes`,
    maxAgeMs !== undefined && `${toSeconds(maxAgeMs)} s`,
  ].filter((limit) => typeof limit === "string");
  return `output kept on disk (at most ${limits.join(", ")})`;
}

function describeOutputFile({ outputFile, outputRotate: rotation }: ProcessTemplate): string {
  const rotated = rotation && ` (rotated at ${rotation.maxBytes} bytes, ${count(rotation.keep, "old file")} kept)`;
  return `output_file ${outputFile}${rotated ?? ""}`;
}

function describePorts(port: number, numprocesses: number): string {
  return numprocesses <= 1 ? `port ${port}` : `ports ${port} to ${port + numprocesses - 1}`;
}

function describeWebhooks({ hooks }: FileWebhooks): string[] {
  return hooks.flatMap(({ pattern, urls }) => urls.map((url) => `${pattern}: ${shownUrl(url)}`));
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ⏎ ");
}
