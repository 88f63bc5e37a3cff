/**
 * A typed client for gafferd's HTTP API. It needs only `fetch` and runs in Bun, Node and browsers.
 *
 * @module
 */
import type { Client, RestartOptions } from "./api.ts";
import type { DeliveryDocument, HistoryEntry } from "./documents.ts";
import { logs } from "./logs.ts";
import { type StatsOptions, toStatsPath, watchStats } from "./stats.ts";
import { run } from "./run.ts";
import { tail } from "./tail.ts";
import { type ClientOptions, createTransport } from "./transport.ts";
import { watch } from "./watch.ts";
import { write } from "./write.ts";

export type { Client, ReloadOptions, RestartOptions, SignalOptions } from "./api.ts";
export type * from "./documents.ts";
export { type ClientErrorCode, GafferdClientError } from "./error.ts";
export type { ConnectionState } from "./follow.ts";
export type { RunHandle, RunOptions } from "./run.ts";
export type { LogEntry, LogOptions } from "./logs.ts";
export type { StatsOptions } from "./stats.ts";
export type { TailItem, TailOptions } from "./tail.ts";
export type { ClientOptions } from "./transport.ts";
export type { WatchItem, WatchOptions } from "./watch.ts";
export type { InputBody, InputPosition, WriteOptions } from "./write.ts";

/**
 * Creates a client for the daemon at a URL. It keeps no connection open between calls. Throws a TypeError for an invalid
 * URL.
 *
 * @example
 * ```ts
 * import { createClient } from "gafferd/client";
 *
 * const client = createClient("http://localhost:5000");
 * await client.create({ name: "hello", cmd: "echo hello", restart: "never", redirect_output: ["out"] });
 * for await (const item of client.tail("hello")) {
 *   if (item.type === "output") console.log(item.text);
 *   if (item.type === "exit") break;
 * }
 * ```
 *
 * @example A unix socket, with Bun
 * ```ts
 * const client = createClient({
 *   url: "http://localhost",
 *   fetch: (url, init) => fetch(url, { ...init, unix: "/run/gaffer.sock" }),
 * });
 * ```
 */
export function createClient(daemon: string | URL | ClientOptions): Client {
  const options = typeof daemon === "string" || daemon instanceof URL ? { url: daemon } : daemon;
  const transport = createTransport(options);
  const { ask, send } = transport;
  const post = async (...path: (string | number)[]) => void (await ask("POST", path));
  const postRestart = async (path: string[], { spawnFirst }: RestartOptions) =>
    void (await ask("POST", path, { query: { spawn_first: spawnFirst } }));
  const scale = async (name: string, verb: "_add" | "_sub", count: number) => {
    const { numprocesses } = await ask<{ numprocesses: number }>("POST", ["processes", name, verb, count]);
    return numprocesses;
  };

  return {
    processes: async ({ running } = {}) => await ask("GET", ["processes"], { query: { running } }),
    describe: async () => await ask("GET", ["processes"], { query: { detail: true } }),
    export: async () => await (await send("GET", ["processes"], { query: { format: "ini" } })).text(),
    process: async (target) => await ask("GET", ["processes", target]),
    create: async (template) => (await ask<{ pids: number[] }>("POST", ["processes"], { json: template })).pids,
    update: async (name, settings) => void (await ask("PUT", ["processes", name], { json: settings })),
    remove: async (target) => void (await ask("DELETE", ["processes", target])),
    start: async (name) => await post("processes", name, "_start"),
    stop: async (target) => await post("processes", target, "_stop"),
    restart: async (name, restart = {}) => await postRestart(["processes", name, "_restart"], restart),
    add: async (name, count = 1) => await scale(name, "_add", count),
    sub: async (name, count = 1) => await scale(name, "_sub", count),
    signal: async (target, signal, { group } = {}) =>
      void (await ask("POST", ["processes", target, "_signal", signal], { query: { group } })),
    pids: async (name) => (await ask<{ pids: number[] }>("GET", ["processes", name, "_pids"])).pids,
    history: async (name) => (await ask<{ history: HistoryEntry[] }>("GET", ["processes", name, "_history"])).history,
    exitReport: async (name, pid, { boot } = {}) =>
      await ask("GET", ["processes", name, "_history", String(pid)], { query: { boot } }),
    status: async (name) => await ask("GET", ["status", name]),
    stats: async (name?: string, pid?: number) => await ask("GET", toStatsPath(name, pid)),
    watchStats: <T>(of: StatsOptions & { name?: string; pid?: number } = {}) =>
      watchStats<T>(transport, toStatsPath(of.name, of.pid), of),
    groups: async () => await ask("GET", ["groups"]),
    group: async (name) => await ask("GET", ["groups", name]),
    startGroup: async (name) => await post("groups", name, "_start"),
    stopGroup: async (name) => await post("groups", name, "_stop"),
    restartGroup: async (name, restart = {}) => await postRestart(["groups", name, "_restart"], restart),
    removeGroup: async (name) => void (await ask("DELETE", ["groups", name])),
    tail: (target, tailOptions = {}) => tail(transport, target, tailOptions),
    logs: (name, logOptions = {}) => logs(transport, name, logOptions),
    write: async (target, input, writeOptions = {}) => await write(transport, target, input, writeOptions),
    input: async (target) => await ask("GET", ["streams", target, "stdin"]),
    run: (id, settings, runOptions = {}) => run(transport, id, settings, runOptions),
    runs: async ({ state } = {}) => await ask("GET", ["runs"], { query: { state } }),
    removeRun: async (id) => (await ask<{ existed: boolean }>("DELETE", ["runs", id])).existed,
    reload: async ({ dryRun, keepDrift } = {}) =>
      await ask("POST", ["_reload"], { query: { dry_run: dryRun, keep_drift: keepDrift } }),
    watch: (pattern, watchOptions = {}) => watch(transport, pattern, watchOptions),
    leases: async () => await ask("GET", ["leases"]),
    lease: async (owner) => await ask("GET", ["leases", owner]),
    renewLease: async (owner) => (await ask<{ expires_at: string | null }>("POST", ["leases", owner])).expires_at,
    endLease: async (owner) => void (await ask("DELETE", ["leases", owner])),
    webhooks: async () => await ask("GET", ["webhooks"]),
    addWebhook: async (webhook) => (await ask<{ id: string }>("POST", ["webhooks"], { json: webhook })).id,
    removeWebhook: async (id) => void (await ask("DELETE", ["webhooks", id])),
    deliveries: async (id) =>
      (await ask<{ deliveries: DeliveryDocument[] }>("GET", ["webhooks", id, "deliveries"])).deliveries,
  };
}
