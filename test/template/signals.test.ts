import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { GafferdError } from "../../src/errors.ts";
import { parseSignal } from "../../src/template/signals.ts";

test.each(["HUP", "SIGHUP", "sighup", "hup", "1", " 1 ", 1])("%p is SIGHUP", (signal) => {
  expect(parseSignal(signal)).toEqual({ name: "SIGHUP", number: 1 });
});

test("every name has its number, and every number has a name with this number", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    expect(parseSignal(name).number).toBe(number);
    expect(parseSignal(number).number).toBe(number);
    expect(parseSignal(parseSignal(number).name)).toEqual(parseSignal(number));
  }
});

test("an alias is shown as the common name", () => {
  expect(parseSignal("SIGIOT").name).toBe("SIGABRT");
});

describe.if(process.platform === "linux")("real-time signals", () => {
  test.each([
    ["RTMIN", "SIGRTMIN", 34],
    ["SIGRTMIN", "SIGRTMIN", 34],
    ["rtmin+0", "SIGRTMIN", 34],
    ["RTMIN+1", "SIGRTMIN+1", 35],
    ["SIGRTMIN+30", "SIGRTMAX", 64],
    ["RTMAX", "SIGRTMAX", 64],
    ["SIGRTMAX", "SIGRTMAX", 64],
    ["RTMAX-1", "SIGRTMIN+29", 63],
    ["sigrtmax-30", "SIGRTMIN", 34],
    [34, "SIGRTMIN", 34],
    [64, "SIGRTMAX", 64],
  ])("%p is %p, %p", (signal, name, number) => {
    expect(parseSignal(signal)).toEqual({ name, number });
    expect(parseSignal(name)).toEqual({ name, number });
  });

  test.each(["RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+x"])(
    "%p is none: the message has the range",
    (text) => {
      expect(() => parseSignal(text)).toThrow(`"${text}" is not a signal; real-time signals are RTMIN to RTMIN+30`);
    },
  );

  test.each([32, 33, 65])("%p is not a signal", (number) => {
    expect(() => parseSignal(number)).toThrow(GafferdError);
  });
});

test.each([0, "0", -1, 1.5, "", "SIG", "KILL9", "constructor", "__proto__"])("%p is not a signal", (signal) => {
  expect(() => parseSignal(signal)).toThrow(GafferdError);
});

test("the error of a misspelt name suggests a similar one, else lists all", () => {
  expect(() => parseSignal("TREM")).toThrow('"TREM" is not a signal; did you mean SIGTERM?');
  expect(() => parseSignal("whatever")).toThrow(
    /"whatever" is not a signal; write a number or one of HUP, INT, QUIT, .*USR1/,
  );
});
