import { PublicError } from "@/lib/errors";
import { markedNumbers } from "@/lib/exact-numbers";

/**
 * Bytes of a request body to a JSON object, or a PublicError that says what is wrong and where.
 * `JSON.parse` alone forgives too much: it keeps the last of two equal keys, turns 1e309 into Infinity (which is
 * re-serialised as null: an unlimited max_tokens upstream), rounds long integers, and accepts nesting that a later
 * stringify cannot write. One linear pass refuses those before anything is built. With `keepsDigits`, whole numbers inside
 * of members may be of any size: they travel as marked texts (exact-numbers.ts).
 */
export function parseJsonBody(bytes: Uint8Array, options: { keepsDigits?: boolean } = {}): Record<string, unknown> {
  const { keepsDigits = false } = options;
  const text = decode(bytes);
  scan(text, keepsDigits);
  let value: unknown;
  try {
    value = JSON.parse(keepsDigits ? markedNumbers(text) : text);
  } catch {
    throw new PublicError("invalid_json", "The request body is not valid JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PublicError("invalid_body", "The request body must be a JSON object.");
  }
  return { ...value };
}

const DEPTH_MAX = 64;
const KEYS_MAX = 1000;
const KEY_CHARS_MAX = 1000;
const ITEMS_MAX = 10_000;
const NUMBER_CHARS_MAX = 30;

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PublicError("invalid_utf8", "The request body is not valid UTF-8.");
  }
}

/** One open object or array while scanning. `keys` is null for arrays. */
type Frame = { keys: Set<string> | null; items: number; awaitingKey: boolean };

enum Char {
  Quote = 34,
  Plus = 43,
  Comma = 44,
  Minus = 45,
  Zero = 48,
  Nine = 57,
  Colon = 58,
  OpenArray = 91,
  Backslash = 92,
  CloseArray = 93,
  U = 117,
  OpenObject = 123,
  CloseObject = 125,
}

/** Refuses what JSON.parse forgives. Syntax as such is left to JSON.parse: this pass only has to be safe on any text. */
function scan(text: string, keepsDigits: boolean): void {
  const frames: Frame[] = [];
  let frame: Frame | undefined;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    switch (code) {
      case Char.OpenObject:
      case Char.OpenArray:
        frame = { keys: code === Char.OpenObject ? new Set() : null, items: 0, awaitingKey: code === Char.OpenObject };
        if (frames.push(frame) > DEPTH_MAX) {
          throw new PublicError("json_too_deep", `The request body nests deeper than ${DEPTH_MAX} levels.`);
        }
        at += 1;
        break;
      case Char.CloseObject:
      case Char.CloseArray:
        frames.pop();
        frame = frames.at(-1);
        at += 1;
        break;
      case Char.Comma:
        if (frame !== undefined) nextMember(frame);
        at += 1;
        break;
      case Char.Quote: {
        const end = stringEnd(text, at);
        if (frame?.keys && frame.awaitingKey) addKey(frame.keys, text, at, end);
        if (frame) frame.awaitingKey = false;
        at = end;
        break;
      }
      default:
        // At the top they are settings, which are read here; deeper they are the provider's.
        at = isNumberStart(code) ? numberEnd(text, at, keepsDigits && frames.length > 1) : at + 1;
    }
  }
}

function nextMember(frame: Frame): void {
  frame.items += 1;
  frame.awaitingKey = frame.keys !== null;
  const most = frame.keys === null ? ITEMS_MAX : KEYS_MAX;
  if (frame.items >= most) {
    const what = frame.keys === null ? "items in one array" : "keys in one object";
    throw new PublicError("json_too_complex", `The request body has more than ${most} ${what}.`);
  }
}

function addKey(keys: Set<string>, text: string, start: number, end: number): void {
  if (end - start > KEY_CHARS_MAX) throw new PublicError("json_too_complex", "The request body has an over-long key.");
  let key: unknown;
  try {
    key = JSON.parse(text.slice(start, end));
  } catch {
    throw new PublicError("invalid_json", "The request body is not valid JSON.");
  }
  const name = String(key);
  if (keys.has(name))
    throw new PublicError("duplicate_key", `The key ${quoted(name)} appears twice.`, { param: name.slice(0, 64) });
  if (name === "__proto__" || name === "")
    throw new PublicError("unknown_field", `The key ${quoted(name)} is not known.`);
  keys.add(name);
}

/** Index after the closing quote. Refuses lone surrogates, written raw or as escapes: they cannot be forwarded. */
function stringEnd(text: string, start: number): number {
  let highBefore = false;
  for (let at = start + 1; at < text.length; at++) {
    let code = text.charCodeAt(at);
    let isEscape = false;
    if (code === Char.Quote) {
      if (highBefore) throw loneSurrogate();
      return at + 1;
    }
    if (code === Char.Backslash) {
      at += 1;
      isEscape = text.charCodeAt(at) === Char.U;
      if (isEscape) {
        code = Number.parseInt(text.slice(at + 1, at + 5), 16);
        at += 4;
      } else code = 0;
    }
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    if (isLow !== highBefore) throw loneSurrogate();
    highBefore = code >= 0xd800 && code <= 0xdbff;
  }
  throw new PublicError("invalid_json", "The request body is not valid JSON: a string does not end.");
}

function loneSurrogate(): PublicError {
  return new PublicError(
    "invalid_unicode",
    "The request body holds half of a surrogate pair, which is not a character.",
  );
}

function isNumberStart(code: number): boolean {
  return code === Char.Minus || (code >= Char.Zero && code <= Char.Nine);
}

/** Index after the number. Refuses what a double cannot hold: it would reach the provider as another number, or null. */
function numberEnd(text: string, start: number, keepsDigits: boolean): number {
  let end = start + 1;
  while (end < text.length && /[0-9.eE+-]/.test(text.charAt(end))) end += 1;
  const lexeme = text.slice(start, end);
  const value = Number(lexeme);
  const isWhole = !/[.eE]/.test(lexeme);
  if (
    lexeme.length > NUMBER_CHARS_MAX ||
    Math.abs(value) === Number.POSITIVE_INFINITY ||
    (isWhole && !keepsDigits && !Number.isSafeInteger(value) && !Number.isNaN(value)) ||
    (!keepsDigits && Number.isInteger(value) && hasFraction(lexeme))
  ) {
    throw new PublicError(
      "invalid_number",
      `The number ${lexeme.slice(0, NUMBER_CHARS_MAX)} is too large or too exact to be kept.`,
    );
  }
  return end;
}

/** Whether digits are left behind the point once the exponent has moved it: 1.6e1 has none, 16.000000000000001 does. */
function hasFraction(lexeme: string): boolean {
  const [, decimals = "", exponent = "0"] = /\.(\d*)(?:[eE]([+-]?\d+))?$/.exec(lexeme) ?? [];
  return decimals.replace(/0+$/, "").length > Number(exponent);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
