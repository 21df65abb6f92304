import { isAscii, isUtf8 } from "node:buffer";
import { PublicError } from "@/lib/errors";
import { markedNumbers, roundedFractions } from "./exact-numbers";
import { isObject } from "./object";

type ParseOptions = {
  readonly keepsDigits?: boolean;
  /** Top-level members whose numbers are read here and so must fit a double. Absent = all of them. */
  readonly reads?: ReadonlySet<string>;
  /** Absent = those of a call. */
  readonly bounds?: JsonBounds;
};

/** How much one body may hold. Each value costs more time and memory than its bytes suggest: `[]` is 2 bytes sent and some 50 held. */
export type JsonBounds = {
  /** in one object, and in one array */
  readonly keys: number;
  readonly items: number;
  /** in the whole body */
  readonly allKeys: number;
  readonly values: number;
  readonly containers: number;
};

/**
 * Bytes of a request body to a JSON object, or a PublicError that says what is wrong and where. `JSON.parse` alone
 * forgives too much: it keeps the last of two equal keys, turns 1e309 into Infinity (which is re-serialised as null: an
 * unlimited max_tokens upstream), rounds long integers, and accepts nesting that a later stringify cannot write. One
 * linear pass refuses those before anything is built. With `keepsDigits`, numbers that are not read here may have any
 * size and digits: they travel as marked texts (exact-numbers.ts).
 */
export function parseJsonBody(bytes: Uint8Array, options: ParseOptions = {}): Record<string, unknown> {
  const steps = parsingJsonBody(bytes, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same in steps of a fraction of a millisecond, so that other work can run in between. One step is longer:
 * `JSON.parse` can't be interrupted. The bounds keep it at about 20 ms for a body of 4 MiB.
 */
export function* parsingJsonBody(
  bytes: Uint8Array,
  { keepsDigits = false, reads, bounds = CALL_BOUNDS }: ParseOptions = {},
): Generator<void, Record<string, unknown>> {
  const text = yield* decoding(bytes);
  const keeps = (name: string | null) => keepsDigits && name !== null && reads !== undefined && !reads.has(name);
  const scan = new Scan(text, { keepsDigits, keeps, bounds, isAscii: text.length === bytes.byteLength });
  while (!scan.advance(STEP_CHARS)) yield;
  let value: unknown;
  try {
    value = JSON.parse(keepsDigits ? markedNumbers(text) : text);
  } catch {
    throw new PublicError("invalid_json", "The request body is not valid JSON.");
  }
  if (!isObject(value)) throw new PublicError("invalid_body", "The request body must be a JSON object.");
  return keepsDigits && reads !== undefined ? roundedFractions(value, reads) : value;
}

const STEP_CHARS = 16 * 1024;
const STEP_BYTES = 64 * 1024;
const DEPTH_MAX = 64;
const KEY_CHARS_MAX = 1000;
const NUMBER_CHARS_MAX = 30;
/** For a number that is not read here: a double written out in full has up to 1,075. */
const KEPT_NUMBER_CHARS_MAX = 1100;
const CALL_BOUNDS: JsonBounds = {
  keys: 1000,
  items: 10_000,
  allKeys: 100_000,
  values: 500_000,
  containers: 50_000,
};

function* decoding(bytes: Uint8Array): Generator<void, string> {
  if (!isUtf8(bytes)) throw new PublicError("invalid_utf8", "The request body is not valid UTF-8.");
  yield;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One byte per character: read at once, and kept at half the size.
  if (isAscii(bytes)) return buffer.toString("latin1");
  const parts: string[] = [];
  for (let from = 0; from < buffer.byteLength; yield) {
    let to = Math.min(from + STEP_BYTES, buffer.byteLength);
    while (to < buffer.byteLength && isContinuation(buffer[to])) to += 1;
    parts.push(buffer.toString("utf8", from, to));
    from = to;
  }
  return parts.join("");
}

/** A byte in the middle of a character. */
function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}

/** One open object or array while scanning. `keys` is null for arrays. */
type Frame = { readonly keys: Set<string> | null; items: number; awaitingKey: boolean };

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

/** Refuses what JSON.parse forgives. Leaves other syntax to JSON.parse: this pass only has to be safe on any text. */
class Scan {
  readonly #text: string;
  readonly #frames: Frame[] = [];
  #frame: Frame | undefined;
  #at = 0;
  /** where the string around `#at` begins; null = outside of strings */
  #string: number | null = null;
  #highBefore = false;
  #values = 0;
  #containers = 0;
  #keys = 0;
  readonly #keepsDigits: boolean;
  readonly #keeps: (name: string | null) => boolean;
  /** the top-level member that the scan is in */
  #topName: string | null = null;
  readonly #isAscii: boolean;
  readonly #bounds: JsonBounds;
  /** the first backslash from here on, by the last search; the text's length: there is none */
  #slash = -1;

  constructor(
    text: string,
    options: {
      readonly keepsDigits: boolean;
      readonly keeps: (name: string | null) => boolean;
      readonly isAscii: boolean;
      readonly bounds: JsonBounds;
    },
  ) {
    const { keepsDigits, keeps, isAscii, bounds } = options;
    this.#bounds = bounds;
    this.#text = text;
    this.#keepsDigits = keepsDigits;
    this.#keeps = keeps;
    this.#isAscii = isAscii;
  }

  /** Reads about `chars` more. True: that was the end. Throws PublicError. */
  advance(chars: number): boolean {
    const text = this.#text;
    const until = Math.min(this.#at + chars, text.length);
    while (this.#at < until) {
      if (this.#string !== null) {
        this.#inString(until, this.#string);
        continue;
      }
      const code = text.charCodeAt(this.#at);
      switch (code) {
        case Char.OpenObject:
        case Char.OpenArray:
          this.#open(code === Char.OpenObject);
          break;
        case Char.CloseObject:
        case Char.CloseArray:
          this.#frames.pop();
          this.#frame = this.#frames.at(-1);
          this.#at += 1;
          break;
        case Char.Comma:
          this.#nextMember();
          break;
        case Char.Quote:
          this.#string = this.#at;
          this.#at += 1;
          this.#skipPlain(this.#string);
          break;
        default:
          this.#at = isNumberStart(code) ? numberEnd(text, this.#at, this.#keepsNumber()) : this.#at + 1;
      }
    }
    if (this.#at < text.length) return false;
    if (this.#string !== null)
      throw new PublicError("invalid_json", "The request body is not valid JSON: a string does not end.");
    return true;
  }

  /** Top-level settings are read here. Deeper numbers, and those under unknown names, are for the provider. */
  #keepsNumber(): boolean {
    return this.#frames.length > 1 ? this.#keepsDigits : this.#keeps(this.#topName);
  }

  #open(isObject: boolean): void {
    this.#frame = { keys: isObject ? new Set() : null, items: 0, awaitingKey: isObject };
    this.#at += 1;
    if (this.#frames.push(this.#frame) > DEPTH_MAX) {
      throw new PublicError("json_too_deep", `The request body nests deeper than ${DEPTH_MAX} levels.`);
    }
    this.#containers += 1;
    const { containers } = this.#bounds;
    if (this.#containers > containers) throw tooComplex(containers, "objects and arrays");
  }

  #nextMember(): void {
    this.#at += 1;
    this.#values += 1;
    const { values, items, keys } = this.#bounds;
    if (this.#values > values) throw tooComplex(values, "values");
    const frame = this.#frame;
    if (frame === undefined) return;
    frame.items += 1;
    frame.awaitingKey = frame.keys !== null;
    const most = frame.keys === null ? items : keys;
    if (frame.items >= most) throw tooComplex(most, frame.keys === null ? "items in one array" : "keys in one object");
  }

  /** Skips an ASCII string without an escape: it cannot contain half of a character, so only its end is searched. */
  #skipPlain(start: number): void {
    if (!this.#isAscii) return;
    const text = this.#text;
    const quote = text.indexOf('"', this.#at);
    if (this.#slash < this.#at) {
      const slash = text.indexOf("\\", this.#at);
      this.#slash = slash === -1 ? text.length : slash;
    }
    if (quote === -1 || quote > this.#slash) return;
    this.#at = quote + 1;
    this.#string = null;
    this.#endString(start, quote);
  }

  /** Moves to the string's end, or to `until`. Refuses lone surrogates, raw or escaped: they cannot be forwarded. */
  #inString(until: number, start: number): void {
    const text = this.#text;
    let at = this.#at;
    let highBefore = this.#highBefore;
    for (; at < until; at++) {
      let code = text.charCodeAt(at);
      if (code === Char.Quote) {
        if (highBefore) throw loneSurrogate();
        this.#at = at + 1;
        this.#string = null;
        this.#endString(start, at);
        return;
      }
      if (code === Char.Backslash) {
        at += 1;
        if (text.charCodeAt(at) === Char.U) {
          code = Number.parseInt(text.slice(at + 1, at + 5), 16);
          at += 4;
        } else code = 0;
      }
      const isLow = code >= 0xdc00 && code <= 0xdfff;
      if (isLow !== highBefore) throw loneSurrogate();
      highBefore = code >= 0xd800 && code <= 0xdbff;
    }
    this.#at = at;
    this.#highBefore = highBefore;
  }

  #endString(start: number, quote: number): void {
    this.#highBefore = false;
    const frame = this.#frame;
    if (frame === undefined) return;
    if (frame.keys !== null && frame.awaitingKey) {
      this.#keys += 1;
      if (this.#keys > this.#bounds.allKeys) throw tooComplex(this.#bounds.allKeys, "keys");
      const name = addKey(frame.keys, this.#text, start, quote);
      if (this.#frames.length === 1) this.#topName = name;
      // Deeper empty names are for the provider: a model's tool arguments come back word for word.
      if (name === "__proto__" || (name === "" && this.#frames.length === 1))
        throw new PublicError("unknown_field", `The key ${quoted(name)} is unknown.`);
    }
    frame.awaitingKey = false;
  }
}

function tooComplex(most: number, what: string): PublicError {
  return new PublicError("json_too_complex", `The request body has more than ${most} ${what}.`);
}

function addKey(keys: Set<string>, text: string, start: number, quote: number): string {
  if (quote - start > KEY_CHARS_MAX)
    throw new PublicError("json_too_complex", "The request body has an over-long key.");
  const written = text.slice(start + 1, quote);
  const name = written.includes("\\") ? unescaped(written) : written;
  if (keys.has(name))
    throw new PublicError("duplicate_key", `The key ${quoted(name)} appears twice.`, { param: name.slice(0, 64) });
  keys.add(name);
  return name;
}

function unescaped(written: string): string {
  try {
    return String(JSON.parse(`"${written}"`));
  } catch {
    throw new PublicError("invalid_json", "The request body is not valid JSON.");
  }
}

function loneSurrogate(): PublicError {
  return new PublicError(
    "invalid_unicode",
    "The request body contains half of a surrogate pair, which is not a character.",
  );
}

function isNumberStart(code: number): boolean {
  return code === Char.Minus || (code >= Char.Zero && code <= Char.Nine);
}

/** Index after the number. Refuses what a double cannot hold, unless its digits are kept; their number is bounded. */
function numberEnd(text: string, start: number, keepsDigits: boolean): number {
  let end = start + 1;
  const charsMax = keepsDigits ? KEPT_NUMBER_CHARS_MAX : NUMBER_CHARS_MAX;
  // One digit more than allowed is enough to refuse it.
  const most = Math.min(text.length, start + charsMax + 1);
  while (end < most && /[0-9.eE+-]/.test(text.charAt(end))) end += 1;
  const lexeme = text.slice(start, end);
  const value = Number(lexeme);
  const isWhole = !/[.eE]/.test(lexeme);
  if (
    lexeme.length > charsMax ||
    (Math.abs(value) === Number.POSITIVE_INFINITY && !(isWhole && keepsDigits)) ||
    (isWhole && !keepsDigits && !Number.isSafeInteger(value) && !Number.isNaN(value)) ||
    (!keepsDigits && Number.isInteger(value) && hasFraction(lexeme))
  ) {
    throw new PublicError(
      "invalid_number",
      `The number ${lexeme.slice(0, NUMBER_CHARS_MAX)} is too large or has too many digits.`,
    );
  }
  return end;
}

/** Whether digits remain behind the point after applying the exponent: 1.6e1 has none, 16.000000000000001 does. */
function hasFraction(lexeme: string): boolean {
  const [, decimals = "", exponent = "0"] = /\.(\d*)(?:[eE]([+-]?\d+))?$/.exec(lexeme) ?? [];
  return decimals.replace(/0+$/, "").length > Number(exponent);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
