import { expect, test } from "bun:test";
import {
  hasKept,
  markersIn,
  markersOf,
  markerValue,
  nextMarker,
  ownMarkersIn,
} from "../../../src/process/stop/marker.ts";

test("no two processes have the same marker, and it tells whether it ends with gafferd", () => {
  expect(hasKept()).toBe(false);
  const ending = nextMarker("end");
  const kept = nextMarker("keep");
  expect(ending).not.toBe(nextMarker("end"));
  expect(ending).toStartWith(markersOf("end"));
  expect(kept).toStartWith(markersOf("keep"));
  expect(kept).not.toStartWith(markersOf("end"));
  expect(hasKept()).toBe(true);
});

test("under another gafferd a process is of both, and only one of them is of this run", () => {
  const inner = nextMarker("end");
  const environ = `PATH=/bin\0GAFFERD_PROCESS=${markerValue(inner, "0123456789ab-end.7")}\0X=GAFFERD_PROCESS=none\0`;
  expect(markersIn(environ)).toEqual(["0123456789ab-end.7", inner]);
  expect(ownMarkersIn(environ)).toEqual([inner]);
});

test.each(["", "PATH=/bin\0", "\0\0"])("an environment without it has none: %j", (environ) => {
  expect(markersIn(environ)).toEqual([]);
});
