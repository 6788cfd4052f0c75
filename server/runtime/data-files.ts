/** Names of the files in the data folder. */

export const DATABASE_FILE = "restic-manager.db";
/** Ed25519 key (JWK) that signs what agents download. */
export const SIGNING_KEY_FILE = "signing.key";
