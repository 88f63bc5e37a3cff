import { expect, test } from "bun:test";
import { parseAccept } from "../../../src/http/operation/accept.ts";

test.each<[string, Record<string, number>]>([
  ["", {}],
  ["gzip", { gzip: 1 }],
  ["gzip, zstd;q=0.5 , *;q=0", { gzip: 1, zstd: 0.5, "*": 0 }],
  ["GZIP;Q=0.123", { gzip: 0.123 }],
  ["text/html;level=1;q=0.4", { "text/html": 0.4 }],
  ["gzip;q = 1.000", { gzip: 1 }],
  ["gzip;q=0.", { gzip: 0 }],
  ["gzip;q=2", { gzip: 0 }],
  ["gzip;q=-1", { gzip: 0 }],
  ["gzip;q=", { gzip: 0 }],
  ["gzip;q=0.1234", { gzip: 0 }],
  [",,gzip,;q=1", { gzip: 1 }],
])("the weights of %j are %j", (header, weights) => {
  expect(Object.fromEntries(parseAccept(header))).toEqual(weights);
});
