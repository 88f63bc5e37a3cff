import { afterAll, describe, expect, test } from "bun:test";
import { createClient } from "../../../src/client/client.ts";
import { createFolder, startGafferd } from "../../cli/running.ts";
import { waitFor } from "../../wait-for.ts";
import { childrenOf, zombies } from "../observe.ts";

const unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const mayUnshare = Bun.which("unshare") !== null && Bun.spawnSync([...unshare, "true"]).exitCode === 0;
if (!mayUnshare) console.warn("orphans in a pid namespace are not tested: this user may not create one");

const folder = createFolder();
afterAll(folder.remove);

const count = 600;

/** A program of Perl, which forks faster than a shell, that leaves `count` orphans: its grandchildren. */
function leaveOrphans({ orphan = "exit", afterEach = "waitpid($child, 0);", atEnd = "sleep 600" }) {
  const fork = `my $child = fork // next; if (!$child) { if (!fork) { ${orphan} } exit } ${afterEach}`;
  return `$| = 1; for (1..${count}) { ${fork} } print "done\\n"; ${atEnd}`;
}

describe.each<[string, string[]]>([
  ["a child subreaper", []],
  ...(mayUnshare ? [["PID 1", unshare] as [string, string[]]] : []),
])("gafferd as %s answers requests while it reaps", (_, under) => {
  test.each([
    [`${count} orphans that exit one after the other`, leaveOrphans({})],
    [`${count} orphans whose leader never waits for its children`, leaveOrphans({ afterEach: "" })],
    [`${count} orphans, and as many zombies that their leader leaves`, leaveOrphans({ afterEach: "", atEnd: "exit" })],
    [`${count} orphans that are killed together`, leaveOrphans({ orphan: "sleep 600" })],
  ])(
    "%s",
    async (title, program) => {
      await using gafferd = await startGafferd([], { under, env: { HOME: folder.path } });
      const client = createClient(gafferd.url);
      const osPid = under.length === 0 ? gafferd.osPid : childrenOf(gafferd.osPid)[0]!;
      const isAnswered = async () => (await fetch(`${gafferd.url}/ping`)).ok;
      const before = childrenOf(osPid);
      await client.create({
        name: "a",
        cmd: "perl -e",
        args: [program],
        restart: "never",
        redirect_output: ["out"],
        persist: false,
      });
      await waitFor(
        async () => {
          expect(await isAnswered()).toBe(true);
          return (await (await fetch(`${gafferd.url}/streams/1/out`)).text()) === "done\n";
        },
        "the last orphan",
        20_000,
      );
      if (title.endsWith("killed together")) {
        const living = childrenOf(osPid).filter((child) => !before.includes(child));
        expect(living.length).toBeGreaterThanOrEqual(count);
        for (const child of living) process.kill(child, "SIGKILL");
      }
      await waitFor(async () => (await isAnswered()) && zombies(osPid) === 0, "the end of all zombies");
      if (under.length > 0) process.kill(osPid, "SIGTERM");
    },
    30_000,
  );
});

test("children that gafferd does not know, such as those of plugins, are left to Bun", async () => {
  const fixture = new URL("../../fixtures/untracked-children.ts", import.meta.url).pathname;
  const program = Bun.spawn(["bun", fixture], { stdout: "pipe" });
  expect(await program.stdout.text()).toBe("80 reported, 0 left\n");
  await program.exited;
}, 30_000);
