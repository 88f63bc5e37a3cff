/** A command of the manual that the tests do not run, and why. */
export interface NotRun {
  readonly page: string;
  readonly command: string;
  readonly reason: string;
}

export const notRun: readonly NotRun[] = [
  {
    page: "README.md",
    command: "bun add --global gafferd",
    reason: "downloads from the registry",
  },
];
