import { randomUUID } from "node:crypto";

/**
 * Numbers that a double cannot hold, such as a bound of 2^64 in a tool's schema, on their way through a parsed body. They
 * travel as text that begins with a mark, which nobody outside this process knows, and are numbers again where the body is
 * written down. `JSON.parse` alone would round them.
 */
const MARK = `number-${randomUUID()}:`;

const NUMBER = /-?\d[\d.eE+-]*/y;
/** A double holds fifteen digits of any number. */
const EXACT_DIGITS = 15;
const MAY_BE_INEXACT = /\d[\d.]{15,}/;

/** JSON text whose inexact numbers are marked texts. One pass, whatever the text. */
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

/** Index behind the closing quote, or the end of a text that has none. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const character = json.charAt(at);
    if (character === '"') return at + 1;
    if (character === "\\") at += 1;
  }
  return json.length;
}

/** The same text with the numbers as they came, also where they stand in JSON that is a string. */
export function exactNumbers(json: string): string {
  return json.includes(MARK) ? json.replace(MARKED, "$1") : json;
}

/** From the first of several backslashes alone: else a text of millions of them is read from each. */
const MARKED = new RegExp(`(?<!\\\\)\\\\*"${MARK}(-?[\\d.eE+-]+)\\\\*"`, "g");

/** Nobody writes a number of more; it goes on as it came. */
const DIGITS_JUDGED_MAX = 1000;

/** Whether a text is such a number. */
export function isMarked(text: string): boolean {
  return text.startsWith(MARK);
}

/** Settings that are fractions of more digits than a double holds are read as the nearest one; their bytes go on as they came. */
export function roundedFractions(body: Record<string, unknown>, reads: ReadonlySet<string>): Record<string, unknown> {
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === "string" && isMarked(value) && reads.has(name)) body[name] = Number(value.slice(MARK.length));
  }
  return body;
}

/** Whether a double loses digits of it. With an exponent, more of them than a double holds count as lost. */
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
