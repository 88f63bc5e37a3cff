import { expect, test } from "bun:test";
import { GroupCommit } from "../../src/store/group-commit.ts";

/** A database that records what happens to it. The disk syncs when the test says so. */
function createTarget({ fails }: { fails?: (name: string) => boolean } = {}) {
  const happened: string[] = [];
  const syncs: PromiseWithResolvers<void>[] = [];
  let written: string[] = [];
  const commits = new GroupCommit({
    transaction(write) {
      written = [];
      write();
      const failing = fails && written.find(fails);
      if (failing !== undefined) throw new Error(`cannot write ${failing}`);
      happened.push(`commit ${written.join(" ")}`);
    },
    sync() {
      happened.push("sync");
      syncs.push(Promise.withResolvers<void>());
      return syncs.at(-1)!.promise;
    },
    tidy: async () => void happened.push("tidy"),
  });
  return {
    happened,
    commits,
    durable: (name: string) =>
      commits
        .durable(() => written.push(name))
        .then(
          () => void happened.push(`${name} is safe`),
          (error: Error) => void happened.push(error.message),
        ),
    later: (name: string) =>
      commits
        .later(() => written.push(name))
        .then(
          () => void happened.push(`${name} is written`),
          (error: Error) => void happened.push(error.message),
        ),
    async endSync(error?: Error) {
      if (error === undefined) syncs.shift()?.resolve();
      else syncs.shift()?.reject(error);
      await Bun.sleep(0);
    },
  };
}

test("the first write is committed at once, and those that come while the disk syncs share the next transaction", async () => {
  const { happened, durable, endSync } = createTarget();
  void durable("a");
  expect(happened).toEqual(["commit a", "sync"]);
  for (const name of ["b", "c", "d"]) void durable(name);
  await Bun.sleep(0);
  expect(happened).toEqual(["commit a", "sync"]);
  await endSync();
  expect(happened).toEqual(["commit a", "sync", "a is safe", "tidy", "commit b c d", "sync"]);
  await endSync();
  expect(happened.slice(6)).toEqual(["b is safe", "c is safe", "d is safe", "tidy"]);
});

test("what nobody waits for joins the next transaction, or is committed soon without a sync", async () => {
  const { happened, durable, later, endSync } = createTarget();
  void later("a");
  expect(happened).toEqual([]);
  void durable("b");
  expect(happened).toEqual(["commit a b", "sync"]);
  await endSync();
  expect(happened).toEqual(["commit a b", "sync", "a is written", "b is safe", "tidy"]);
  await later("c");
  expect(happened.slice(5, 7)).toEqual(["commit c", "c is written"]);
});

test("a write that fails does not undo the others of its transaction", async () => {
  const { happened, durable, later, endSync } = createTarget({ fails: (name) => name === "b" });
  void later("a");
  void later("b");
  void durable("c");
  await endSync();
  expect(happened).toEqual(["commit a", "commit c", "sync", "cannot write b", "a is written", "c is safe", "tidy"]);
});

test("a disk that cannot sync fails what waited for it, and later writes are tried", async () => {
  const { happened, durable, endSync } = createTarget();
  void durable("a");
  void durable("b");
  await endSync(new Error("the disk is broken"));
  await endSync();
  expect(happened).toEqual(["commit a", "sync", "the disk is broken", "tidy", "commit b", "sync", "b is safe", "tidy"]);
});

test("a flush commits what waits now, and what must be safe still waits for the disk", async () => {
  const { happened, commits, durable, later, endSync } = createTarget();
  void durable("a");
  void durable("b");
  void later("c");
  commits.flush();
  expect(happened).toEqual(["commit a", "sync", "commit b c"]);
  await endSync();
  await endSync();
  expect(happened).toEqual([
    "commit a",
    "sync",
    "commit b c",
    "c is written",
    "a is safe",
    "tidy",
    "commit ",
    "sync",
    "b is safe",
    "tidy",
  ]);
  await commits.settled();
});
