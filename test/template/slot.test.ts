import { expect, test } from "bun:test";
import { buildEnvironment, commandOf } from "../../src/template/environment.ts";
import { parseTemplate } from "../../src/template/schema.ts";
import { assertPorts, portOf, slotVariables } from "../../src/template/slot.ts";

const template = (settings: object) => parseTemplate({ name: "t", cmd: "c", ...settings }, { defaultCwd: "/" });

test("a process has its slot in GAFFER_SLOT, and with `port` its port in PORT", () => {
  expect(slotVariables(template({}), 3)).toEqual({ GAFFER_SLOT: "3" });
  expect(slotVariables(template({ port: 5100 }), 3)).toEqual({ GAFFER_SLOT: "3", PORT: "5103" });
  expect(portOf(template({ port: 5100 }), 3)).toBe(5103);
  expect(portOf(template({}), 3)).toBeUndefined();
});

test("both win over inherited variables and env files, and GAFFER_SLOT over `env`", () => {
  const env = buildEnvironment(template({ port: 80, env: { GAFFER_SLOT: "9" } }), {
    base: { PORT: "1", GAFFER_SLOT: "7", A: "a" },
    slot: 2,
  });
  expect(env).toEqual({ PORT: "82", GAFFER_SLOT: "2", A: "a" });
});

test("both can be used in the command and the working directory", () => {
  const served = template({ port: 5100, cmd: "serve --port $PORT --id=${GAFFER_SLOT}", cwd: "/srv/web-$GAFFER_SLOT" });
  expect(commandOf(served, buildEnvironment(served, { base: {}, slot: 1 }))).toMatchObject({
    argv: ["serve", "--port", "5101", "--id=1"],
    cwd: "/srv/web-1",
  });
});

test("a slot whose port would be too high is an error", () => {
  expect(slotVariables(template({ port: 65_530 }), 5)).toMatchObject({ PORT: "65535" });
  expect(() => slotVariables(template({ port: 65_530 }), 6)).toThrow(
    "cannot start `t` in slot 6: its port would be 65536, the highest is 65535; lower `port` or `numprocesses`",
  );
});

test("more processes than ports are an error", () => {
  expect(() => assertPorts(template({}), 100_000)).not.toThrow();
  expect(() => assertPorts(template({ port: 65_530 }), 6)).not.toThrow();
  expect(() => assertPorts(template({ port: 65_530 }), 7)).toThrow(
    "cannot run 7 processes of `t`: their ports would be 65530 to 65536, the highest is 65535",
  );
});
