import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { Manager } from "../../manager/manager.ts";
import { keepOpen } from "../listen/connection.ts";
import { okWhenSaved } from "./ok-when-saved.ts";
import { spawnFirst } from "./spawn-first.ts";

/** `/groups`: actions on all templates of a group. The group is the part of a name before the first colon. */
export function groupRoutes(manager: Manager) {
  return new Elysia({ name: "groups" })
    .get("/groups", () => manager.groups())
    .get("/groups/:group", ({ params }) => manager.group(params.group))
    .post(
      "/groups/:group/_start",
      async ({ request, params }) => {
        keepOpen(request);
        return await forAll(manager, manager.group(params.group), async (name) => {
          manager.start(name);
          await manager.get(name).filled();
        });
      },
      { parse: "none" },
    )
    .post(
      "/groups/:group/_stop",
      async ({ request, params }) => {
        keepOpen(request);
        return await forAll(manager, manager.group(params.group), (name) => manager.stop(name));
      },
      { parse: "none" },
    )
    .post(
      "/groups/:group/_restart",
      async ({ request, params }) => {
        const options = { spawnFirst: spawnFirst.read(new URL(request.url).searchParams) };
        keepOpen(request);
        return await forAll(manager, manager.group(params.group), (name) => manager.restart(name, options));
      },
      { parse: "none" },
    )
    .delete("/groups/:group", async ({ request, params }) => {
      keepOpen(request);
      return await forAll(manager, manager.group(params.group), (name) => manager.delete(name));
    });
}

/**
 * Starts `act` for each name in order, and waits for all of them. If some fail, the others still run; then it throws the
 * first error, with the names that failed in `failed`.
 */
async function forAll(
  manager: Manager,
  names: readonly string[],
  act: (name: string) => void | Promise<void>,
): Promise<object> {
  const results = await Promise.allSettled(names.map(async (name) => await act(name)));
  const failed = names.filter((_, index) => results[index]?.status === "rejected");
  const first = results.find((result) => result.status === "rejected");
  if (first === undefined) return await okWhenSaved(manager, names);
  if (!(first.reason instanceof GafferdError)) throw first.reason;
  const { code, message } = first.reason;
  throw new GafferdError(code, message, { details: { failed }, cause: first.reason });
}
