/** The product version of server and agent, read from package.json at build time. */
import pkg from "../package.json" with { type: "json" };

export const PRODUCT_VERSION: string = pkg.version;
