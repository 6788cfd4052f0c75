/** Passwords that the server makes up, easy to copy, hard to guess; and the line that a rest-server wants. */
import { randomInt } from "node:crypto";

/** Without letters and digits that look alike. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/** Groups of four letters: 6 groups hold 139 bits. */
export function makePassword(groups = 6): string {
  const letter = () => ALPHABET[randomInt(ALPHABET.length)];
  return Array.from({ length: groups }, () => [letter(), letter(), letter(), letter()].join("")).join("-");
}

/** A line of the rest-server's `.htpasswd`: bcrypt, the form that it accepts. */
export async function htpasswdLine(user: string, password: string): Promise<string> {
  return `${user}:${await Bun.password.hash(password, { algorithm: "bcrypt", cost: 10 })}`;
}
