/** What a user name may look like. */

const USERNAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
const USERNAME_RULE = "Letters, digits, dot, dash, underscore; starts with a letter or digit.";

/** What is wrong with a (lower-cased) user name, in one sentence; null when it will do. */
export function usernameProblem(username: string): string | null {
  if (username === "") return "Choose a user name.";
  return USERNAME.test(username) ? null : USERNAME_RULE;
}
