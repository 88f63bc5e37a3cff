import type { StoreTables } from "../store/tables.ts";

/** The last exits of each template, of this boot and of earlier ones, and the processes that run. */
export const exitTables: StoreTables = {
  owner: "exits",
  migrations: [
    [
      "CREATE TABLE exit (number INTEGER PRIMARY KEY, template TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, entry TEXT NOT NULL, rest TEXT NOT NULL, checksum TEXT NOT NULL) STRICT",
      "CREATE INDEX exit_of_template ON exit (template, number)",
      "CREATE TABLE running (boot TEXT NOT NULL, pid INTEGER NOT NULL, template TEXT NOT NULL, os_pid INTEGER NOT NULL, slot INTEGER NOT NULL, started_ms INTEGER NOT NULL, PRIMARY KEY (boot, pid)) STRICT, WITHOUT ROWID",
    ],
  ],
};

/** The last events in pages, and the runs of gafferd that published them. */
export const eventTables: StoreTables = {
  owner: "events",
  migrations: [
    [
      // `last` is the sequence of its last event; NULL while it runs, and for good if it was killed.
      "CREATE TABLE boot (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, last INTEGER) STRICT",
      "CREATE TABLE event_page (number INTEGER PRIMARY KEY, boot TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, last_ms INTEGER NOT NULL, events TEXT NOT NULL, checksum TEXT NOT NULL) STRICT",
      "CREATE INDEX event_page_of_boot ON event_page (boot, last)",
    ],
  ],
};
