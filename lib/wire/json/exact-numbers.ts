import { randomUUID } from "node:crypto";

/**
 * Carries numbers that a double cannot hold through a parsed body, such as a bound of 2^64 in a tool's schema. They
 * travel as text that begins with a mark, which nobody outside this process knows, and become numbers again when the
 * body is written. `JSON.parse` alone would round them.
 */
const MARK = `number-${randomUUID()}:`;

const NUMBER = /-?\d[\d.eE+-]*/y;
/** A double holds fifteen digits of any number. */
const EXACT_DIGITS = 15;
const MAY_BE_INEXACT = /\d[\d.]{15,}/;

/** JSON text with a marked text for each inexact number. One pass, for any text. */
export function markedNumbers(json: string): string {
  if (!MAY_BE_INEXACT.test(json)) return json;
  let marked = "";
  let copied = 0;
  for (let at = 0; at < json.length; ) {
    const character = json.charAt(at);
    if (character === '"') {
      at = stringEnd(json, at);
      continue;
    }
    NUMBER.lastIndex = at;
    const lexeme = (character === "-" || (character >= "0" && character <= "9")) && NUMBER.exec(json)?.[0];
    if (!lexeme) {
      at += 1;
      continue;
    }
    if (isInexact(lexeme)) {
      marked += `${json.slice(copied, at)}"${MARK}${lexeme}"`;
      copied = at + lexeme.length;
    }
    at += lexeme.length;
  }
  return marked + json.slice(copied);
}

/** Index behind the closing quote, or the end of an unclosed text. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const character = json.charAt(at);
    if (character === '"') return at + 1;
    if (character === "\\") at += 1;
  }
  return json.length;
}

/** The same text with the original numbers, also inside JSON that is a string. */
export function exactNumbers(json: string): string {
  return json.includes(MARK) ? json.replace(MARKED, "$1") : json;
}

/** Matches from the first of several backslashes only: otherwise a text of millions is read from each of them. */
const MARKED = new RegExp(`(?<!\\\\)\\\\*"${MARK}(-?[\\d.eE+-]+)\\\\*"`, "g");

/** Nobody writes a longer number; it is passed on as it came. */
const DIGITS_JUDGED_MAX = 1000;

/** Whether a text is such a number. */
export function isMarked(text: string): boolean {
  return text.startsWith(MARK);
}

/** Reads fractions with more digits than a double holds as the nearest double. Their bytes are passed on as they came. */
export function roundedFractions(body: Record<string, unknown>, reads: ReadonlySet<string>): Record<string, unknown> {
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === "string" && isMarked(value) && reads.has(name)) body[name] = Number(value.slice(MARK.length));
  }
  return body;
}

/** Whether a double loses digits of it. With an exponent, more digits than a double holds count as lost. */
function isInexact(lexeme: string): boolean {
  if (lexeme.length > DIGITS_JUDGED_MAX) return true;
  const digits = lexeme.replace(/^-/, "");
  if (!/^\d+(\.\d+)?$/.test(digits)) {
    const [, mantissa = ""] = /^([\d.]+)[eE][+-]?\d+$/.exec(digits) ?? [];
    return mantissa.replace(".", "").replace(/^0+/, "").length > EXACT_DIGITS;
  }
  const kept = digits.includes(".") ? digits.replace(/0+$/, "").replace(/\.$/, "") : digits;
  return String(Number(digits)) !== kept;
}
