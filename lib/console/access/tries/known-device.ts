import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { DAY_MS } from "@/lib/clock";

/**
 * Browsers from which an operator has signed in before. Tries from such a one are counted by themselves, so that a
 * stranger who types wrong passwords keeps nobody out (OWASP's device cookies). It lets nobody in.
 */
const NAME = "spillway.device";
const MAX_AGE_SECONDS = (365 * DAY_MS) / 1000;
const NONCE_BYTES = 16;
const FORM = /^([\w-]{22})\.([\w-]{43})$/;

type Of = { readonly secret: string; readonly email: string };

/** Against whom a password for this address is counted, with these cookies. */
export function triedBy(cookies: string, of: Of): string {
  const email = canonical(of.email);
  for (const cookie of cookies.split(/; */)) {
    const [, nonce, mark] = cookie.startsWith(`${NAME}=`) ? (FORM.exec(cookie.slice(NAME.length + 1)) ?? []) : [];
    if (nonce !== undefined && mark !== undefined && isSame(mark, markOf(nonce, of))) return `${email}\n${nonce}`;
  }
  return email;
}

/** What marks a browser after a right password, as a `Set-Cookie` header. */
export function deviceCookie(of: Of & { readonly isSecure: boolean }): string {
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const attributes = `Max-Age=${MAX_AGE_SECONDS}; Path=/api/auth; HttpOnly; SameSite=Strict`;
  return `${NAME}=${nonce}.${markOf(nonce, of)}; ${attributes}${of.isSecure ? "; Secure" : ""}`;
}

function markOf(nonce: string, { secret, email }: Of): string {
  return createHmac("sha256", secret)
    .update(`device\n${canonical(email)}\n${nonce}`)
    .digest("base64url");
}

function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}

function canonical(email: string): string {
  return email.trim().toLowerCase();
}
