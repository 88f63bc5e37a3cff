import {
  createTemplate,
  defaults,
  deleteProcess,
  getProcess,
  getStatus,
  listPids,
  listProcesses,
  type ProcessTemplate,
  replaceTemplate,
  writeInput,
} from "../oazapfts.ts";

defaults.baseUrl = process.argv[2] ?? "";
// @ts-expect-error what has no default must be given
const withoutCommand: ProcessTemplate = { name: "web" };
void withoutCommand;

const created = await createTemplate({ name: "web", cmd: "cat", redirect_input: true });
console.log("created", created.status === 200 && created.data.ok);
const listed = await listProcesses();
console.log("listed", listed.status === 200 && listed.data.join());
const replaced = await replaceTemplate("web", { cmd: "cat -u", redirect_input: true });
const shown = await getProcess("web");
if (replaced.status !== 200 || shown.status !== 200) throw new Error("it was not replaced");
console.log("replaced", replaced.data.ok, shown.data.cmd, "with numprocesses", shown.data.numprocesses);
const status = await getStatus("web");
console.log("status", status.status === 200 && status.data.state);
const pids = await listPids("web");
const wrote = await writeInput(String(pids.status === 200 && pids.data.pids[0]), "hello\n");
console.log("wrote", wrote.status === 200 && wrote.data.bytes);
const missing = await getStatus("none");
console.log("refused", missing.status, missing.status === 404 && missing.data.error);
const deleted = await deleteProcess("web");
console.log("deleted", deleted.status === 200 && deleted.data.ok);
