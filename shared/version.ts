/** The product version: the one stamped into a build, or else that of package.json, marked as under development. */
import pkg from "../package.json" with { type: "json" };

/** Defined by the compiler. */
declare const RM_BUILD_VERSION: string | undefined;

/** The release that the sources are working towards. */
export const RELEASE: string = pkg.version;

/** The version of this program. A program that runs from source does not know its commit. */
export const PRODUCT_VERSION: string = typeof RM_BUILD_VERSION === "string" ? RM_BUILD_VERSION : `${RELEASE}-dev`;
