import { EventBus } from "../../src/events/bus.ts";
import { EventReader } from "../../src/events/event-reader.ts";
import { EventHistory } from "../../src/history/event-history.ts";
import { ExitRows, type RecordedExit } from "../../src/history/exit-rows.ts";
import { toLostExit } from "../../src/history/exit-report.ts";
import { LeaseRows } from "../../src/leases/lease-rows.ts";
import type { Logger } from "../../src/log.ts";
import { TemplateRows, toTemplateRow } from "../../src/manager/template-rows.ts";
import { RunRows } from "../../src/runs/run-rows.ts";
import type { Store } from "../../src/store/store.ts";
import { sampleTemplate } from "../process/sample-template.ts";

/** Tables of a part of gafferd, filled and read again. What is read must be what was written, or be left out. */
interface StoredPart {
  fill(store: Store, log: Logger): Promise<void>;
  /** Does what a start does. Throws if it reads something that was not written. */
  use(store: Store, log: Logger): void;
}

const template = sampleTemplate({ name: "web", cmd: "sleep 600", env: { KEY: "value" } });
const planned = { template, source: "http", isWanted: true } as const;

const templates: StoredPart = {
  async fill(store) {
    const rows = new TemplateRows(store.open());
    await store.write(() => rows.save(toTemplateRow(planned)));
    rows.close();
  },
  use(store, log) {
    const rows = new TemplateRows(store.open());
    try {
      for (const each of rows.read(log)) assertSame(toTemplateRow(each), toTemplateRow(planned));
    } finally {
      rows.close();
    }
  },
};

const running = { boot: "rold", pid: 3, template: "web", os_pid: 4711, slot: 0, started_ms: 1_700_000_000_000 };
const exits: RecordedExit[] = [1, 2].map((pid) => toLostExit({ ...running, pid }));

const history: StoredPart = {
  async fill(store) {
    const rows = new ExitRows(store.open());
    await store.write(() => {
      rows.add(exits);
      rows.addRunning(running);
    });
    rows.close();
  },
  use(store) {
    const rows = new ExitRows(store.open());
    try {
      for (const entry of rows.list("web")) assertSame(entry, exits[entry.pid - 1]?.entry);
      for (const { entry, rest } of exits) {
        const found = rows.find("web", entry.pid, undefined);
        if (found !== undefined) assertSame(found.rest, rest);
      }
      // The list of running processes has no checksum: at worst a process is lost that never was.
      store.transaction(() => {
        const lost = rows.runningOfOthers("rnow");
        rows.add(lost.map(toLostExit));
        for (const row of lost) rows.removeRunning(row);
      });
    } finally {
      rows.close();
    }
  },
};

const names = Array.from({ length: 150 }, (_, index) => `e${index + 1}`);

const events: StoredPart = {
  async fill(store, log) {
    const bus = createBus();
    const kept = new EventHistory(bus, store, log);
    for (const name of names) bus.publish({ type: "create", name });
    kept.close();
  },
  use(store, log) {
    const bus = createBus();
    const kept = new EventHistory(bus, store, log);
    const start = { kind: "after", boot: "rnone", sequence: 0 } as const;
    const reader = new EventReader(bus, { start, pattern: {}, onReady: () => {} });
    try {
      for (let item = reader.next(); item !== undefined; item = reader.next()) {
        if (item.kind === "event") assertSame(item.event.name, names[item.event.sequence - 1]);
      }
    } finally {
      reader.close();
      kept.close();
    }
  },
};

const leases: StoredPart = {
  async fill(store) {
    const rows = new LeaseRows(store);
    rows.write(1000, [{ kind: "template", name: "web", owner: "ci", deadline_ms: 5000 }]);
    rows.close();
  },
  use(store) {
    const rows = new LeaseRows(store);
    try {
      const read = rows.read();
      rows.write(read.clockMs, [{ kind: "template", name: "web" }]);
    } finally {
      rows.close();
    }
  },
};

const runs: StoredPart = {
  async fill(store) {
    await store.write(() =>
      store.open().run("INSERT INTO run VALUES ('build', 600000, ?, ?)", [`{"cmd":"make"}`, `{"state":"lost"}`]),
    );
  },
  use(store, log) {
    const rows = new RunRows(store.open());
    try {
      for (const { id, keepMs } of rows.read(log)) store.transaction(() => rows.remove(`${id}${keepMs}`));
    } finally {
      rows.close();
    }
  },
};

/** The parts beside webhooks. */
export const storedParts: readonly StoredPart[] = [templates, history, events, leases, runs];

function createBus(): EventBus {
  return new EventBus((error) => {
    throw error;
  });
}

function assertSame(actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected, true)) {
    throw new Error(`${JSON.stringify(actual)} was read instead of ${JSON.stringify(expected)}`);
  }
}
