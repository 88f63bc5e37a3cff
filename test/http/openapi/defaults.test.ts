import { expect, test } from "bun:test";
import { describeDefaults } from "../../../src/http/openapi/defaults.ts";

test("defaults of properties move to their descriptions, at any depth", () => {
  const nested = { type: "object", properties: { min: { type: "number", default: 0.1 } } };
  expect(
    describeDefaults({
      type: "object",
      properties: {
        start: { description: "Start it.", default: true },
        backoff: { anyOf: [nested, { const: false }] },
      },
    }),
  ).toEqual({
    type: "object",
    properties: {
      start: { description: "Start it. Default: `true`." },
      backoff: {
        anyOf: [
          { type: "object", properties: { min: { type: "number", description: "Default: `0.1`." } } },
          { const: false },
        ],
      },
    },
  });
});

test("a property with the name `default` is kept", () => {
  expect(describeDefaults({ properties: { default: { type: "string" } } })).toEqual({
    properties: { default: { type: "string" } },
  });
});
