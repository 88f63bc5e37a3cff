import { createClient } from "@hey-api/openapi-ts";
import { generateSource } from "oazapfts";
import openapiTypescript, { astToString } from "openapi-typescript";

// Writes the clients that other people's generators make of the document `openapi.json` in the folder of the argument.
const [folder = ""] = process.argv.slice(2);
const source = `${folder}/openapi.json`;
await Bun.write(`${folder}/openapi-typescript.ts`, astToString(await openapiTypescript(Bun.pathToFileURL(source))));
await createClient({ input: source, output: `${folder}/hey-api`, logs: { level: "silent" } });
await Bun.write(`${folder}/oazapfts.ts`, await generateSource(source));
