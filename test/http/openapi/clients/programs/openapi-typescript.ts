import createClient from "openapi-fetch";
import type { components, paths } from "../openapi-typescript.ts";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
// @ts-expect-error what has no default must be given
const withoutCommand: components["schemas"]["ProcessTemplate"] = { name: "web" };
void withoutCommand;

const id = { params: { path: { id: "web" } } };
const created = await client.POST("/processes", { body: { name: "web", cmd: "cat", redirect_input: true } });
console.log("created", created.data?.ok);
const { data: listed } = await client.GET("/processes");
console.log("listed", Array.isArray(listed) && listed.join());
const replaced = await client.PUT("/processes/{id}", { ...id, body: { cmd: "cat -u", redirect_input: true } });
const shown = await client.GET("/processes/{id}", id);
console.log("replaced", replaced.data?.ok, shown.data?.cmd, "with numprocesses", shown.data?.numprocesses);
console.log("status", (await client.GET("/status/{name}", { params: { path: { name: "web" } } })).data?.state);
const pids = await client.GET("/processes/{id}/_pids", id);
const wrote = await client.POST("/streams/{target}/stdin", {
  params: { path: { target: String(pids.data?.pids[0]) } },
  body: "hello\n",
  bodySerializer: (text) => text as string,
});
console.log("wrote", wrote.data?.bytes);
const missing = await client.GET("/status/{name}", { params: { path: { name: "none" } } });
console.log("refused", missing.response.status, missing.error?.error);
console.log("deleted", (await client.DELETE("/processes/{id}", id)).data?.ok);
