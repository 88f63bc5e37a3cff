import { expect, test } from "bun:test";
import { constants } from "node:os";
import { GafferdError } from "../../src/errors.ts";
import { parseSignal } from "../../src/template/signals.ts";

test.each(["HUP", "SIGHUP", "sighup", "hup", "1", " 1 ", 1])("%p is SIGHUP", (signal) => {
  expect(parseSignal(signal)).toEqual({ name: "SIGHUP", number: 1 });
});

test("every name of the system gives its number, and every number a name that gives it back", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    expect(parseSignal(name).number).toBe(number);
    expect(parseSignal(number).number).toBe(number);
    expect(parseSignal(parseSignal(number).name)).toEqual(parseSignal(number));
  }
});

test("an alias is shown by the name that people know", () => {
  expect(parseSignal("SIGIOT").name).toBe("SIGABRT");
});

test.if(process.platform === "linux")("real-time signals have names and numbers up to 64", () => {
  expect(parseSignal(64)).toEqual({ name: "SIGRTMIN+30", number: 64 });
  expect(parseSignal("RTMIN+1")).toEqual({ name: "SIGRTMIN+1", number: 35 });
  expect(() => parseSignal(65)).toThrow(GafferdError);
});

test.each([0, "0", -1, 1.5, "", "SIG", "KILL9", "constructor", "__proto__"])("%p is not a signal", (signal) => {
  expect(() => parseSignal(signal)).toThrow(GafferdError);
});

test("a misspelt name is answered with the nearest, a strange one with all", () => {
  expect(() => parseSignal("TREM")).toThrow('"TREM" is not a signal: did you mean SIGTERM?');
  expect(() => parseSignal("whatever")).toThrow(/"whatever" is not a signal: known are HUP, INT, QUIT, .*USR1/);
});
