import { expect, test } from "bun:test";
import {
  hasKeptProcess,
  markersIn,
  markerPrefixOf,
  markerValue,
  createMarker,
  ownMarkersIn,
} from "../../../src/process/stop/marker.ts";

test("markers are unique and show whether the process stops with gafferd", () => {
  expect(hasKeptProcess()).toBe(false);
  const ending = createMarker("end");
  const kept = createMarker("keep");
  expect(ending).not.toBe(createMarker("end"));
  expect(ending).toStartWith(markerPrefixOf("end"));
  expect(kept).toStartWith(markerPrefixOf("keep"));
  expect(kept).not.toStartWith(markerPrefixOf("end"));
  expect(hasKeptProcess()).toBe(true);
});

test("under another gafferd a process has both markers, and only one is of this run", () => {
  const inner = createMarker("end");
  const environ = `PATH=/bin\0GAFFERD_PROCESS=${markerValue(inner, "0123456789ab-end.7")}\0X=GAFFERD_PROCESS=none\0`;
  expect(markersIn(environ)).toEqual(["0123456789ab-end.7", inner]);
  expect(ownMarkersIn(environ)).toEqual([inner]);
});

test.each(["", "PATH=/bin\0", "\0\0"])("an environment without the variable has no markers: %j", (environ) => {
  expect(markersIn(environ)).toEqual([]);
});
