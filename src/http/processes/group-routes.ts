import { Elysia } from "elysia";
import { onBehalfOf } from "../../actor.ts";
import { GafferdError } from "../../errors.ts";
import { groupNames, templatesInGroup } from "../../manager/groups.ts";
import type { Manager } from "../../manager/manager.ts";
import { forEachInSlices, whenTimeIsLeft } from "../../slices.ts";
import { keepOpen } from "../listen/connection.ts";
import { okWhenSaved } from "./ok-when-saved.ts";
import { spawnFirst } from "./spawn-first.ts";

/** `/groups`: actions on all templates of a group. The group is the part of a name before the first colon. */
export function groupRoutes(manager: Manager) {
  const members = (group: string) => templatesInGroup(group, manager.names());
  return new Elysia({ name: "groups" })
    .get("/groups", () => groupNames(manager.names()))
    .get("/groups/:group", ({ params }) => members(params.group))
    .post(
      "/groups/:group/_start",
      async ({ request, params }) => {
        keepOpen(request);
        return await forAll(manager, members(params.group), async (name) => {
          await manager.get(name).prepare();
          await whenTimeIsLeft(() => manager.start(name));
          await manager.get(name).filled();
        });
      },
      { parse: "none" },
    )
    .post(
      "/groups/:group/_stop",
      async ({ request, params }) => {
        keepOpen(request);
        return await forAll(manager, members(params.group), (name) => manager.stop(name));
      },
      { parse: "none" },
    )
    .post(
      "/groups/:group/_restart",
      async ({ request, params }) => {
        const options = { spawnFirst: spawnFirst.read(new URL(request.url).searchParams) };
        keepOpen(request);
        return await forAll(manager, members(params.group), (name) => manager.restart(name, options));
      },
      { parse: "none" },
    )
    .delete("/groups/:group", async ({ request, params }) => {
      keepOpen(request);
      return await forAll(manager, members(params.group), (name) => manager.delete(name));
    });
}

/**
 * Starts `act` for each name in order, in slices, and waits for all of them. Templates that were deleted meanwhile are
 * skipped. If some fail, the others still run; then it throws the first error, with the names that failed in `failed`.
 */
async function forAll(
  manager: Manager,
  names: readonly string[],
  act: (name: string) => void | Promise<void>,
): Promise<object> {
  const failures = new Map<string, unknown>();
  const attempt = async (name: string) => {
    try {
      if (manager.has(name)) await onBehalfOf("http", () => act(name));
    } catch (error) {
      if (manager.has(name)) failures.set(name, error);
    }
  };
  const attempts: Promise<void>[] = [];
  await forEachInSlices(names, (name) => void attempts.push(attempt(name)));
  await Promise.all(attempts);
  const failed = names.filter((name) => failures.has(name));
  const [firstName] = failed;
  if (firstName === undefined) return await okWhenSaved(manager, names);
  const first = failures.get(firstName);
  if (!(first instanceof GafferdError)) throw first;
  throw new GafferdError(first.code, first.message, { details: { failed }, cause: first });
}
