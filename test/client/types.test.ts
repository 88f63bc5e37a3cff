import type { Static } from "@sinclair/typebox";
import { expectTypeOf, test } from "bun:test";
import type {
  Client,
  ClientErrorCode,
  DetailDocument,
  EventDocument,
  ExitDocument,
  GafferdClientError,
  ProcessDocument,
  ProcessStatsDocument,
  SupervisedStatsDocument,
  StatusDocument,
  TailItem,
  TemplateBody,
  TemplateDocument,
  TemplateStatsDocument,
  WatchItem,
} from "gafferd/client";
import type { ErrorCode } from "../../src/errors.ts";
import type { readDetail, toProcessDocument, toStatusDocument } from "../../src/http/processes/process-document.ts";
import type {
  eventGapSchema,
  gapDocumentSchema,
  processExitSchema,
  processSpawnSchema,
} from "../../src/documents/document-schemas.ts";
import type { LazyLists } from "../../src/http/operation/json-pieces.ts";
import type { toEventDocument } from "../../src/documents/event-document.ts";
import type { toExitDocument } from "../../src/history/exit-document.ts";
import type { toProcessStatsDocument, toTemplateStatsDocument } from "../../src/http/stats/stats-document.ts";
import type { SupervisorState } from "../../src/supervisor/state.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";

// `tsc` checks these types; at run time nothing happens.

test("`processes` returns names, or pids of running processes", () => {
  expectTypeOf((client: Client) => client.processes()).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf((client: Client) => client.processes({ running: false })).returns.resolves.toEqualTypeOf<string[]>();
  expectTypeOf((client: Client) => client.processes({ running: true })).returns.resolves.toEqualTypeOf<number[]>();
});

test("`process` of a pid returns more than of a name", () => {
  expectTypeOf((client: Client) => client.process("web")).returns.resolves.toEqualTypeOf<TemplateDocument>();
  expectTypeOf((client: Client) => client.process(1)).returns.resolves.toEqualTypeOf<ProcessDocument>();
  expectTypeOf<ProcessDocument>().toExtend<TemplateDocument>();
  expectTypeOf<ProcessDocument["pid"]>().toEqualTypeOf<number>();
  expectTypeOf<ProcessDocument["started_at"]>().toEqualTypeOf<string>();
});

test("the document of a template can be sent back", () => {
  expectTypeOf<TemplateDocument>().toExtend<TemplateBody>();
  expectTypeOf<TemplateDocument>().toExtend<Parameters<Client["update"]>[1]>();
  expectTypeOf<Pick<TemplateBody, "name" | "cmd">>().toExtend<TemplateBody>();
  expectTypeOf<{ cmd: string }>().toExtend<Parameters<Client["update"]>[1]>();
  expectTypeOf<{ cmd: string }>().not.toExtend<TemplateBody>();
  expectTypeOf<{ name: string; cmd: string; numproceses: number }>().not.toEqualTypeOf<TemplateBody>();
  expectTypeOf<TemplateBody["restart"]>().toEqualTypeOf<ProcessTemplate["restart"] | null | undefined>();
});

test("documents have the server's types", () => {
  expectTypeOf<ReturnType<typeof toProcessDocument>>().toEqualTypeOf<ProcessDocument>();
  expectTypeOf<ReturnType<typeof toStatusDocument>>().toEqualTypeOf<StatusDocument>();
  expectTypeOf<ReturnType<ReturnType<typeof readDetail>>>().toEqualTypeOf<DetailDocument>();
  expectTypeOf<ReturnType<typeof toExitDocument>>().toEqualTypeOf<ExitDocument>();
  expectTypeOf<ReturnType<typeof toEventDocument>>().toEqualTypeOf<EventDocument>();
  expectTypeOf<ReturnType<typeof toProcessStatsDocument>>().toEqualTypeOf<ProcessStatsDocument>();
  expectTypeOf<ReturnType<typeof toTemplateStatsDocument>>().toEqualTypeOf<LazyLists<TemplateStatsDocument>>();
  expectTypeOf<StatusDocument["state"]>().toEqualTypeOf<SupervisorState>();
});

test("items of a tail match the server's documents", () => {
  type Item<Type> = Omit<Extract<TailItem, { type: Type }>, "type" | "id">;
  expectTypeOf<Static<typeof processSpawnSchema>>().toExtend<Item<"spawn">>();
  expectTypeOf<Static<typeof processExitSchema>>().toExtend<Item<"exit">>();
  expectTypeOf<Omit<Static<typeof gapDocumentSchema>, "stream">>().toExtend<Omit<Item<"gap">, "label">>();
  expectTypeOf<Static<typeof eventGapSchema>>().toExtend<Omit<Extract<WatchItem, { type: "gap" }>, "type" | "id">>();
});

test("the type of stats depends on the arguments", () => {
  expectTypeOf((client: Client) => client.stats()).returns.resolves.toEqualTypeOf<TemplateStatsDocument[]>();
  expectTypeOf((client: Client) => client.stats("web")).returns.resolves.toEqualTypeOf<TemplateStatsDocument>();
  expectTypeOf((client: Client) => client.stats("web", 1)).returns.resolves.toEqualTypeOf<SupervisedStatsDocument>();
  expectTypeOf((client: Client, of: { name: string; pid: number }) => client.watchStats(of)).returns.toExtend<
    AsyncIterable<SupervisedStatsDocument>
  >();
  expectTypeOf((client: Client, of: { name: string }) => client.watchStats(of)).returns.toExtend<
    AsyncIterable<TemplateStatsDocument>
  >();
  expectTypeOf((client: Client) => client.watchStats()).returns.toExtend<AsyncIterable<TemplateStatsDocument[]>>();
});

test("items are discriminated by their type", () => {
  expectTypeOf((item: TailItem) => (item.type === "output" ? item.text : 0)).returns.toEqualTypeOf<string | 0>();
  expectTypeOf<TailItem["type"]>().toEqualTypeOf<"output" | "gap" | "spawn" | "exit">();
  expectTypeOf<TailItem["id"]>().toEqualTypeOf<string>();
  expectTypeOf<Extract<TailItem, { type: "gap" }>["bytes"]>().toEqualTypeOf<number | null>();
  expectTypeOf<Extract<WatchItem, { type: "event" }>>().toExtend<EventDocument>();
  expectTypeOf<ReturnType<Client["tail"]>>().toExtend<AsyncIterable<TailItem>>();
  expectTypeOf<ReturnType<Client["watch"]>>().toExtend<AsyncIterable<WatchItem>>();
});

test("codes are those of the server, plus one of the client", () => {
  expectTypeOf<GafferdClientError["code"]>().toEqualTypeOf<ClientErrorCode>();
  expectTypeOf<ClientErrorCode>().toEqualTypeOf<ErrorCode | "unexpected_answer">();
});
