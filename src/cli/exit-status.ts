/** The exit statuses of `gafferd`. */
export const exitStatus = {
  stopped: 0,
  couldNotStart: 1,
  /** Invalid command line or configuration: trying again does not help. */
  usage: 2,
  /** A template with `on_give_up = shutdown` was given up. */
  gaveUp: 3,
  /** EX_CONFIG of sysexits.h. */
  bunTooOld: 78,
} as const;

export type ExitCode = (typeof exitStatus)[keyof typeof exitStatus];
