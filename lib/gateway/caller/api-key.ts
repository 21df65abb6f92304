import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

/** A key's parts. `id` is public and indexed, the rest is secret. */
export type ApiKey = { readonly text: string; readonly id: string; readonly environment: "live" | "test" };

const SHAPE = /^sw_(live|test)_([0-9A-Za-z]{12})_[0-9A-Za-z]{43}_([0-9A-Za-z]{6})$/;
const KEY_CHARS_MAX = 80;
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Parses a key. Null if its form or checksum is wrong; then no look-up is needed. */
export function parseApiKey(text: string): ApiKey | null {
  if (text.length > KEY_CHARS_MAX) return null;
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const [, environment, id = "", checksum] = match;
  if (checksumOf(text.slice(0, text.lastIndexOf("_"))) !== checksum) return null;
  return { text, id, environment: environment === "live" ? "live" : "test" };
}

/**
 * A new key: a public id, 256 random bits, and a checksum. The checksum detects typos and lets secret scanners find
 * keys.
 */
export function makeApiKey(environment: "live" | "test", id = randomBase62(12)): ApiKey {
  const start = `sw_${environment}_${id}_${randomBase62(43)}`;
  return { text: `${start}_${checksumOf(start)}`, id, environment };
}

/** A new key, and its stored hash. `pepperVersion`: number of the pepper, from 1. */
export function mintKey(environment: "live" | "test", pepper: string, pepperVersion: number) {
  const { text, id } = makeApiKey(environment);
  return { text, id, hmac: hashApiKey(text, pepper), last4: text.slice(-4), pepperVersion };
}

/**
 * The stored hash of a key. A fast keyed hash is enough, because the secret has 256 bits. A slow hash would only help
 * attackers to cause load.
 */
export function hashApiKey(text: string, pepper: string): string {
  return createHmac("sha256", keyOf(pepper)).update(text).digest("hex");
}

/** A process has one pepper and a few earlier ones. */
const pepperKeys = new Map<string, KeyObject>();

/** The pepper as a key object of the crypto library. Creating it per call would cost as much as the hash itself. */
function keyOf(pepper: string): KeyObject {
  const known = pepperKeys.get(pepper);
  if (known !== undefined) return known;
  const key = createSecretKey(pepper, "utf8");
  pepperKeys.set(pepper, key);
  return key;
}

export function sameHash(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, "hex"), Buffer.from(right, "hex")];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The checksum of a key, from all characters before it. */
export function checksumOf(text: string): string {
  let rest = crc32(text);
  let out = "";
  for (let digit = 0; digit < 6; digit++) {
    out = BASE62.charAt(rest % 62) + out;
    rest = Math.floor(rest / 62);
  }
  return out;
}

/** Unbiased: bytes above the largest multiple of 62 are discarded. */
function randomBase62(length: number): string {
  let out = "";
  while (out.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && out.length < length) out += BASE62.charAt(byte % 62);
    }
  }
  return out;
}
