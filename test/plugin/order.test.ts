import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { startOrder } from "../../src/plugin/order.ts";

const plugin = (name: string, ...mandatory: string[]) => ({ name, mandatory });
const namesOf = (plugins: readonly { name: string }[]) => plugins.map(({ name }) => name).join(" ");

describe("plugins start", () => {
  test.each([
    ["in the given order, without dependencies", [plugin("b"), plugin("a")], "b a"],
    ["after the plugins they need", [plugin("a", "b"), plugin("b", "c"), plugin("c")], "c b a"],
    ["once, even if several need them", [plugin("a", "c"), plugin("b", "c"), plugin("c")], "c a b"],
    ["without waiting for a site", [plugin("a", "site"), plugin("b")], "a b"],
  ])("%s", (_, plugins, order) => {
    expect(namesOf(startOrder(plugins, ["site"]))).toBe(order);
  });

  test("after the plugins they need, for any dependencies", () => {
    const edges = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 60 });
    fc.assert(
      fc.property(edges, (pairs) => {
        // A plugin that needs only earlier ones is in no circle.
        const needs = (index: number) =>
          pairs.filter(([from, to]) => from === index && to < index).map(([, to]) => `p${to}`);
        const plugins = Array.from({ length: 20 }, (__, index) => plugin(`p${index}`, ...needs(index)));
        const order = startOrder(plugins.toReversed(), []).map(({ name }) => name);
        expect(order.toSorted()).toEqual(plugins.map(({ name }) => name).toSorted());
        for (const { name, mandatory } of plugins) {
          for (const needed of mandatory) expect(order.indexOf(needed)).toBeLessThan(order.indexOf(name));
        }
      }),
    );
  });
});

test("all missing plugins are reported at once, with the plugins that need them and similar names", () => {
  expect(() => startOrder([plugin("dummy1", "dumy", "x"), plugin("dummy"), plugin("c", "y")], [])).toThrow(
    "cannot start the plugins: `dummy1` needs `dumy`, which is not installed (`dummy` is), `x`, which is not installed; " +
      "`c` needs `y`, which is not installed; install the missing plugins, or remove the plugins that need them",
  );
});

test.each([
  ["a -> b -> a", [plugin("a", "b"), plugin("b", "a")]],
  ["a -> a", [plugin("a", "a")]],
  ["b -> c -> d -> b", [plugin("a", "b"), plugin("b", "c"), plugin("c", "d"), plugin("d", "b")]],
])("a circular dependency is reported: %s", (circle, plugins) => {
  expect(() => startOrder(plugins, [])).toThrow(`circular dependency ${circle}; remove one`);
});
