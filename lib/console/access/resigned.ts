import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * A `Cookie` header whose cookies of our own were signed with an earlier secret, signed with the current one.
 * `null` when none of them was. A signed cookie is `value.signature`, URI-encoded; the signature is HMAC-SHA256 in base64.
 */
export function resigned(input: {
  readonly cookies: string;
  /** prefix of our cookies' names, with or without `__Host-` before it */
  readonly prefix: string;
  readonly current: string;
  readonly earlier: readonly string[];
}): string | null {
  const { prefix, current, earlier } = input;
  let isChanged = false;
  const cookies = input.cookies.split(";").map((cookie) => {
    const [name = "", ...rest] = cookie.split("=");
    const isOwn = name.trim().replace("__Host-", "").startsWith(`${prefix}.`);
    const signed = isOwn ? readSigned(rest.join("=").trim()) : null;
    if (signed === null || !earlier.some((secret) => isSignedWith(secret, signed))) return cookie;
    isChanged = true;
    return `${name}=${encodeURIComponent(`${signed.value}.${signatureOf(signed.value, current)}`)}`;
  });
  return isChanged ? cookies.join(";") : null;
}

type Signed = { readonly value: string; readonly signature: string };

function readSigned(text: string): Signed | null {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    return null;
  }
  const at = plain.lastIndexOf(".");
  return at < 1 ? null : { value: plain.slice(0, at), signature: plain.slice(at + 1) };
}

function isSignedWith(secret: string, { value, signature }: Signed): boolean {
  const expected = Buffer.from(signatureOf(value, secret));
  const actual = Buffer.from(signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function signatureOf(value: string, secret: string): string {
  return createHmac("sha256", secret).update(value).digest("base64");
}
