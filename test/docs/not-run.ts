/** A command of the manual that the tests do not run, and why. */
export interface NotRun {
  readonly page: string;
  readonly command: string;
  readonly reason: string;
}

export const notRun: readonly NotRun[] = [
  { page: "README.md", command: "npm install --global gafferd", reason: "installs on the whole machine" },
  { page: "README.md", command: "bun add --global gafferd", reason: "installs on the whole machine" },
  {
    page: "README.md",
    command: "git clone … gafferd && cd gafferd && npm start",
    reason: "the address of the repository is left out",
  },
  { page: "docs/getting-started.md", command: "npm install --global gafferd", reason: "installs on the whole machine" },
  { page: "docs/client.md", command: "npm install gafferd", reason: "downloads from the registry" },
  { page: "docs/deployment.md", command: "docker build -t host .", reason: "needs Docker" },
  {
    page: "docs/deployment.md",
    command:
      "docker run -d --name host --stop-timeout 30 --restart on-failure -v gafferd:/var/lib/gafferd -p 127.0.0.1:5000:5000 host",
    reason: "needs Docker",
  },
  {
    page: "docs/deployment.md",
    command: "ssh -N -L 5000:localhost:5000 user@server",
    reason: "needs a server to log in to",
  },
];
