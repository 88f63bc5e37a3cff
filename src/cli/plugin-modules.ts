/** The modules of the running gafferd that plugins can import. */
export const pluginModules = {
  gafferd: () => import("../index.ts"),
  "gafferd/client": () => import("../client/client.ts"),
};
