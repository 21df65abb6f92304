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

/** The value of JSON text; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
