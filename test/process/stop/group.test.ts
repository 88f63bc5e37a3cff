import { expect, test } from "bun:test";
import { signalLeaderlessGroup, whenGroupEmpty } from "../../../src/process/stop/group.ts";
import { procStatOf } from "../../../src/process/proc-stat.ts";
import { waitFor } from "../../wait-for.ts";
import { lives } from "../observe.ts";

/** A group whose leader has exited, and one of its members. */
async function leaderlessGroup(): Promise<{ groupId: number; member: number }> {
  const leader = Bun.spawn(["sh", "-c", "sleep 60 >/dev/null & echo $!"], { detached: true, stdin: "ignore" });
  const member = Number(await leader.stdout.text());
  await leader.exited;
  return { groupId: leader.pid, member };
}

test("a group without members is empty at once", async () => {
  const leader = Bun.spawn(["true"], { detached: true });
  await leader.exited;
  await whenGroupEmpty(leader.pid);
});

test("a group is empty when its last running member has exited", async () => {
  const { groupId, member } = await leaderlessGroup();
  let isEmpty = false;
  const emptied = whenGroupEmpty(groupId)?.then(() => (isEmpty = true));
  await Bun.sleep(30); // What must not happen cannot be waited for.
  expect(isEmpty).toBe(false);
  process.kill(member, "SIGKILL");
  await emptied;
  expect(lives(member)).toBe(false);
});

test("zombies do not count as members, although kill finds them", async () => {
  // `true` stays a zombie, because its parent has become a `sleep`, which does not reap it and has left the group.
  const cmd = "(true & exec setsid sleep 60 >/dev/null) & echo $!";
  const leader = Bun.spawn(["sh", "-c", cmd], { detached: true, stdin: "ignore" });
  const parent = Number(await leader.stdout.text());
  await leader.exited;
  await waitFor(() => procStatOf(parent)?.sessionId === parent, "the parent to leave the group");
  expect(process.kill(-leader.pid, 0)).toBe(true);
  await whenGroupEmpty(leader.pid);
  expect(process.kill(-leader.pid, 0)).toBe(true);
  process.kill(parent, "SIGKILL");
});

test("members that exit faster than a scan takes are not missed", async () => {
  const relay = new URL("../../fixtures/relay.pl", import.meta.url).pathname;
  const leader = Bun.spawn(["perl", relay], { detached: true });
  const text = leader.stdout.text();
  await leader.exited;
  await whenGroupEmpty(leader.pid);
  const isTooEarly = Bun.sleep(100).then(() => "not at its end");
  expect(await Promise.race([text, isTooEarly])).toBe("end\n");
  await text;
});

test("a signal goes only to a group that is waited for", async () => {
  const { groupId, member } = await leaderlessGroup();
  expect(signalLeaderlessGroup(groupId, 9)).toBe(true);
  expect(lives(member)).toBe(true);
  const emptied = whenGroupEmpty(groupId);
  expect(signalLeaderlessGroup(groupId, 9)).toBe(true);
  await emptied;
  expect(lives(member)).toBe(false);
});

test("a new process with the pid of the leader shows that the group is empty", async () => {
  const stranger = Bun.spawn(["sleep", "60"], { detached: true });
  await whenGroupEmpty(stranger.pid);
  signalLeaderlessGroup(stranger.pid, 9);
  expect(lives(stranger.pid)).toBe(true);
  stranger.kill("SIGKILL");
  await stranger.exited;
});
