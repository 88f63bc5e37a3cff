/** The modules of this very program that plugins import. */
export const pluginModules = {
  gafferd: () => import("../index.ts"),
  "gafferd/client": () => import("../client/client.ts"),
};
