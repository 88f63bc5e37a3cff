/** Style sheets, which the build bundles into the one of the page. */
declare module "*.css";
