import type { Client, DetailDocument } from "gafferd/client";

/** An action on a template, with a button and a shortcut. */
export interface Verb {
  readonly title: string;
  /** The shortcut. */
  readonly letter: string;
  /** The result, announced to screen readers. */
  readonly done: string;
  readonly act: (client: Client, name: string) => Promise<unknown>;
  readonly isUseful: (template: DetailDocument) => boolean;
}

export const verbs = {
  start: {
    title: "Start",
    letter: "s",
    done: "started",
    act: (client, name) => client.start(name),
    isUseful: ({ status, processes }) => !status.active || processes.length < status.numprocesses,
  },
  stop: {
    title: "Stop",
    letter: "x",
    done: "stopped",
    act: (client, name) => client.stop(name),
    isUseful: ({ status, processes }) => !status.stopped || processes.length > 0,
  },
  restart: {
    title: "Restart",
    letter: "r",
    done: "restarted",
    act: (client, name) => client.restart(name),
    isUseful: ({ processes }) => processes.length > 0,
  },
  fewer: {
    title: "One process fewer",
    letter: "-",
    done: "scaled down",
    act: (client, name) => client.sub(name),
    isUseful: ({ status }) => status.numprocesses > 0,
  },
  more: {
    title: "One process more",
    letter: "+",
    done: "scaled up",
    act: (client, name) => client.add(name),
    isUseful: () => true,
  },
} satisfies Record<string, Verb>;

export const signals = ["HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "STOP", "CONT", "TERM", "KILL"];
