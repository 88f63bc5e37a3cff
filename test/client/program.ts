import { join } from "node:path";

export const entry = join(import.meta.dir, "../../src/client/client.ts");

/** The client as one module. */
export async function bundle(target: "browser" | "node"): Promise<string> {
  const built = await Bun.build({ entrypoints: [entry], target, format: "esm" });
  return (await built.outputs[0]?.text()) ?? "";
}

/** Uses a client as a program would, and returns what it received. */
export const use = (createClient: string, url: string) => `
  const client = ${createClient}("${url}");
  await client.create({ name: "cat", cmd: "cat", redirect_input: true, redirect_output: ["out"], restart: "never" });
  const [pid] = await client.pids("cat");
  const seen = [];
  await client.write(pid, "héllo\\n");
  for await (const item of client.tail(pid)) {
    seen.push(item.type, item.text ?? item.term_signal);
    if (item.type === "output") await client.signal(pid, "KILL");
  }
  for await (const item of client.tail("cat")) { seen.push(item.type); break; }
  for await (const item of client.watch("exit", { since: "1h" })) { seen.push(item.event); break; }
  await client.start("nobody").catch((error) => seen.push(error.code));
  await client.write(pid, new ReadableStream({ start: (stream) => stream.close() })).catch((error) => seen.push(error.code));
  await client.remove("cat");
`;

/** The result of `use`. */
export const seen = ["output", "héllo\n", "exit", "SIGKILL", "output", "exit", "not_found", "gone"];
