import { client } from "../hey-api/client.gen.ts";
import {
  createTemplate,
  deleteProcess,
  getProcess,
  getStatus,
  listPids,
  listProcesses,
  replaceTemplate,
  writeInput,
} from "../hey-api/sdk.gen.ts";
import type { ProcessTemplate } from "../hey-api/types.gen.ts";

client.setConfig({ baseUrl: process.argv[2] ?? "" });
// @ts-expect-error what has no default must be given
const withoutCommand: ProcessTemplate = { name: "web" };
void withoutCommand;

const path = { id: "web" };
const created = await createTemplate({ body: { name: "web", cmd: "cat", redirect_input: true } });
console.log("created", created.data?.ok);
console.log("listed", (await listProcesses()).data?.join());
const replaced = await replaceTemplate({ path, body: { cmd: "cat -u", redirect_input: true } });
const shown = await getProcess({ path });
console.log("replaced", replaced.data?.ok, shown.data?.cmd, "with numprocesses", shown.data?.numprocesses);
console.log("status", (await getStatus({ path: { name: "web" } })).data?.state);
const pids = await listPids({ path });
const wrote = await writeInput({ path: { target: String(pids.data?.pids[0]) }, body: "hello\n" });
console.log("wrote", wrote.data?.bytes);
const missing = await getStatus({ path: { name: "none" } });
console.log("refused", missing.response?.status, missing.error?.error);
console.log("deleted", (await deleteProcess({ path })).data?.ok);
