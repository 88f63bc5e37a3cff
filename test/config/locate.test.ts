import { expect, test } from "bun:test";
import { locateProblem } from "../../src/config/locate.ts";
import type { Section } from "../../src/config/section.ts";

const section: Section = {
  file: "/srv/gaffer.ini",
  line: 3,
  name: "process:web",
  kind: "process",
  label: "web",
  hasUnreadLines: false,
  values: [{ file: "/srv/gaffer.ini", line: 5, key: "cwd", text: "/gone" }],
};
const config = { files: ["/srv/gaffer.ini"], sections: [section] };
const web = { kind: "process", label: "web" } as const;

test("a problem has the line of its key", () => {
  expect(locateProblem(config, { ...web, key: "cwd" }, "is wrong")).toEqual({
    file: "/srv/gaffer.ini",
    line: 5,
    section: "process:web",
    key: "cwd",
    message: "is wrong",
  });
});

test("a problem with a key that the file does not set has the line of its section", () => {
  expect(locateProblem(config, { ...web, key: "uid" }, "is wrong")).toMatchObject({ line: 3, key: "uid" });
  const { line, key } = locateProblem(config, { ...web, key: undefined }, "is wrong");
  expect({ line, key }).toEqual({ line: 3, key: undefined });
});

test("a problem with a section that the file does not have names the main file, or the command line", () => {
  const place = { kind: "gaffer", label: "", key: "state_dir" } as const;
  const problem = { section: "gaffer", key: "state_dir", message: "is wrong" };
  expect(locateProblem(config, place, "is wrong")).toEqual({ file: "/srv/gaffer.ini", ...problem });
  expect(locateProblem({ files: [], sections: [] }, place, "is wrong")).toEqual({ file: "command line", ...problem });
});
