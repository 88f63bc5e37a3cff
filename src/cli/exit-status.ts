/** How `gafferd` ends, for the shell that started it. */
export const exitStatus = {
  stopped: 0,
  couldNotStart: 1,
  /** A wrong command line or configuration: trying again is of no use. */
  usage: 2,
  /** A template with `on_give_up = shutdown` was given up. */
  gaveUp: 3,
  /** EX_CONFIG of sysexits.h: this Bun cannot do what gafferd promises. */
  bunTooOld: 78,
} as const;

export type ExitCode = (typeof exitStatus)[keyof typeof exitStatus];
