import { isAscii, isUtf8 } from "node:buffer";
import { markedNumbers } from "./exact-numbers";

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of a value that may not be an object. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Levels of an answer that are read. Writing JSON again calls itself once per level, and its stack ends at some thousand. */
const LEVELS_MAX = 500;

/** The value of JSON text; undefined when it is not JSON, or nests too deeply to be written again. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Counts brackets outside of strings. Texts with few brackets, so nearly all, are not walked. */
function isTooDeep(text: string): boolean {
  if (!hasManyOpened(text)) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (isInString && unit === Unit.Backslash) at += 1;
    else if (unit === Unit.Quote) isInString = !isInString;
    else if (isInString) continue;
    else if (unit === Unit.OpenObject || unit === Unit.OpenArray) {
      depth += 1;
      if (depth > LEVELS_MAX) return true;
    } else if (unit === Unit.CloseObject || unit === Unit.CloseArray) depth -= 1;
  }
  return false;
}

function hasManyOpened(text: string): boolean {
  if (text.length <= LEVELS_MAX) return false;
  let opened = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      opened += 1;
      if (opened > LEVELS_MAX) return true;
    }
  }
  return false;
}

const Unit = {
  Quote: 0x22,
  Backslash: 0x5c,
  OpenArray: 0x5b,
  CloseArray: 0x5d,
  OpenObject: 0x7b,
  CloseObject: 0x7d,
} as const;

/** An object from JSON text, or null. */
export function parseObject(text: string): Record<string, unknown> | null {
  const value = parseJson(text);
  return isObject(value) ? value : null;
}

/**
 * An object from the bytes of a body, or null when they are not UTF-8 or not an object. Makes no decoder: making one
 * for every answer takes longer than reading it.
 */
export function parseBody(bytes: Uint8Array): Record<string, unknown> | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    isAscii(bytes) ? "latin1" : "utf8",
  );
  return parseObject(markedNumbers(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text));
}

const BYTE_ORDER_MARK = "\ufeff";
