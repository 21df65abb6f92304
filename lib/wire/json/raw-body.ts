import { exactNumbers } from "./exact-numbers";

type Body = Readonly<Record<string, unknown>>;

export type ToWrite = {
  /** the bytes as they came, accepted by the guard: an object, no key twice */
  readonly source: Uint8Array;
  /** their content, without members that are null */
  readonly before: Body;
  /** the content to send; unchanged members are the very same values */
  readonly after: Body;
  /** false: null members are left out too, for providers that get known members only */
  readonly keepsNulls: boolean;
};

/** A body that nobody sent in these words, as JSON. */
export function writtenBody(body: Body): Uint8Array {
  return Buffer.from(written(body));
}

/**
 * The bytes to send: the caller's own, except for changed, removed and new members. Order, blanks, escapes, the digits
 * of numbers and nulls stay as they came: we write only what we have to read. A changed member keeps its place, a new
 * one comes last. One pass over the bytes.
 */
export function rawBody({ source, before, after, keepsNulls }: ToWrite): Uint8Array {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  if (keepsNulls && isUnchanged(before, after)) return bytes;
  const members = membersOf(bytes);
  const pieces: (Buffer | string)[] = [bytes.subarray(0, members[0]?.start ?? bytes.indexOf(Byte.OpenObject) + 1)];
  let hasMember = false;
  let end = 0;
  for (const { name, start, valueStart, valueEnd } of members) {
    // A null counts as absent on both sides, unless it was given a value.
    const isGone = !Object.hasOwn(after, name) && (Object.hasOwn(before, name) || !keepsNulls);
    if (!isGone) {
      if (hasMember) pieces.push(bytes.subarray(end, start));
      const isSame = !Object.hasOwn(after, name) || after[name] === before[name];
      pieces.push(bytes.subarray(start, isSame ? valueEnd : valueStart));
      if (!isSame) pieces.push(written(after[name]));
      hasMember = true;
    }
    end = valueEnd;
  }
  const names = new Set(members.map(({ name }) => name));
  for (const [name, value] of Object.entries(after)) {
    if (names.has(name)) continue;
    pieces.push(`${hasMember ? "," : ""}${JSON.stringify(name)}:${written(value)}`);
    hasMember = true;
  }
  pieces.push(bytes.subarray(members.at(-1)?.valueEnd ?? bytes.indexOf(Byte.OpenObject) + 1));
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
}

function isUnchanged(before: Body, after: Body): boolean {
  for (const name in after) if (after[name] !== before[name] || !Object.hasOwn(before, name)) return false;
  for (const name in before) if (!Object.hasOwn(after, name)) return false;
  return true;
}

function written(value: unknown): string {
  return exactNumbers(JSON.stringify(value));
}

/** One member of the outermost object, by its byte positions. */
type Member = {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  /** behind its last byte */
  readonly valueEnd: number;
};

enum Byte {
  Tab = 9,
  Newline = 10,
  Return = 13,
  Space = 32,
  Quote = 34,
  Comma = 44,
  OpenArray = 91,
  Backslash = 92,
  CloseArray = 93,
  OpenObject = 123,
  CloseObject = 125,
}

/** JSON's own characters are all ASCII, and none of them is part of a longer character. */
function membersOf(bytes: Buffer): Member[] {
  const members: Member[] = [];
  let at = afterBlanks(bytes, bytes.indexOf(Byte.OpenObject) + 1);
  while (bytes[at] === Byte.Quote) {
    const start = at;
    const keyEnd = stringEnd(bytes, start);
    const name = String(JSON.parse(bytes.toString("utf8", start, keyEnd)));
    const valueStart = afterBlanks(bytes, afterBlanks(bytes, keyEnd) + 1);
    const valueEnd = endOfValue(bytes, valueStart);
    members.push({ name, start, valueStart, valueEnd });
    at = afterBlanks(bytes, valueEnd);
    if (bytes[at] === Byte.Comma) at = afterBlanks(bytes, at + 1);
  }
  return members;
}

function afterBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (isBlank(bytes[at])) at += 1;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === Byte.Space || byte === Byte.Newline || byte === Byte.Return || byte === Byte.Tab;
}

function endOfValue(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === Byte.Quote) {
      at = stringEnd(bytes, at) - 1;
      if (depth === 0) return at + 1;
    } else if (byte === Byte.OpenObject || byte === Byte.OpenArray) depth += 1;
    else if (byte === Byte.CloseObject || byte === Byte.CloseArray) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === Byte.Comma || isBlank(byte))) return at;
  }
  return bytes.length;
}

/** Most strings are short; in a long one, the runtime's search is faster. */
const SHORT_BYTES = 64;

/** Index behind the closing quote. */
function stringEnd(bytes: Buffer, start: number): number {
  const near = Math.min(bytes.length, start + SHORT_BYTES);
  let at = start + 1;
  for (; at < near; at++) {
    const byte = bytes[at];
    if (byte === Byte.Quote) return at + 1;
    if (byte === Byte.Backslash) at += 1;
  }
  // The text was read in full up to here, so the next quote is the end, unless slashes after this point escape it.
  const from = at;
  for (let quote = bytes.indexOf(Byte.Quote, from); quote !== -1; quote = bytes.indexOf(Byte.Quote, quote + 1)) {
    if (!isEscaped(bytes, from, quote)) return quote + 1;
  }
  return bytes.length;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(bytes: Buffer, from: number, quote: number): boolean {
  let slashes = 0;
  while (quote - slashes > from && bytes[quote - slashes - 1] === Byte.Backslash) slashes += 1;
  return slashes % 2 === 1;
}
