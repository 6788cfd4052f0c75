/** The product version: the one stamped into a build, or else that of package.json, marked as under development. */
import pkg from "../package.json" with { type: "json" };

/** Put in by the compiler. */
declare const RM_BUILD_VERSION: string | undefined;

/** The release that the sources are on their way to. */
export const RELEASE: string = pkg.version;

/** Of this program; one that runs from source does not know its commit. */
export const PRODUCT_VERSION: string = typeof RM_BUILD_VERSION === "string" ? RM_BUILD_VERSION : `${RELEASE}-dev`;
