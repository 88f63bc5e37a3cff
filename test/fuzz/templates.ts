import fc from "fast-check";
import { toDocument } from "../../src/template/document.ts";
import { readTemplate } from "../../src/template/schema.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { object } from "./bodies.ts";
import { inTime, pureTarget } from "./target.ts";

/** A template from JSON is complete, or has problems with a message. What gafferd shows of it can be sent back. */
export const templates = pureTarget(
  "templates",
  3000,
  fc.property(object.filter(isJson), (text) => {
    const template = read(text);
    if (template === undefined) return;
    const shown = JSON.stringify(toDocument(template));
    const again = read(shown);
    const shownAgain = again === undefined ? "refused" : JSON.stringify(toDocument(again));
    if (shownAgain !== shown) throw new Error(`shown as ${shown}, which is then ${shownAgain}`);
  }),
);

function read(text: string): ProcessTemplate | undefined {
  const { template, problems } = inTime(() => readTemplate(JSON.parse(text), { defaultCwd: "/" }));
  const bad = problems?.find(({ message }) => message === "" || /\[object Object\]|\bundefined\b/.test(message));
  if (bad !== undefined) throw new Error(`a problem without a message: ${JSON.stringify(bad)}`);
  return template;
}

/** Some numbers in the objects are not JSON. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
