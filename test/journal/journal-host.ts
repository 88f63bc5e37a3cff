import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBus } from "../../src/events/bus.ts";
import { Journal } from "../../src/journal/journal.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { sampleTemplate } from "../process/sample-template.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { waitFor } from "../wait-for.ts";

/** A manager with a journal in a folder of its own. Disposing of it stops everything and deletes the folder. */
export function hostJournal({
  stateDir = mkdtempSync(join(tmpdir(), "journal-")),
}: { readonly stateDir?: string } = {}) {
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string) => void errors.push(message) };
  const bus = new EventBus((error) => {
    throw error;
  });
  const manager = new Manager({ bus, log });
  const journal = new Journal({ stateDir, bus, manager, log });
  return {
    stateDir,
    bus,
    manager,
    journal,
    errors,
    log,
    create: (overrides: Partial<ProcessTemplate>) =>
      manager.create(
        sampleTemplate({
          name: "web",
          redirectOutput: ["out", "err"],
          restart: "never",
          outputKeep: { maxBytes: 2 ** 30 },
          ...overrides,
        }),
      ),
    async [Symbol.asyncDispose]() {
      await manager.close();
      await journal.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Resolves when all processes have exited and readers can see it. */
export async function exitOf({ manager }: Pick<ReturnType<typeof hostJournal>, "manager">): Promise<void> {
  const supervisor = manager.get("web");
  await waitFor(
    () =>
      supervisor.status().state === "exited" &&
      supervisor.processes.length === 0 &&
      supervisor.exits.every(({ exitRank }) => exitRank !== undefined),
    "the exit",
  );
}
