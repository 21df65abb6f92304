import { createHash } from "node:crypto";
import { MARK_END } from "./page-delta.shared";

/** 48 bits: enough to tell the lines of a page apart. */
const MARK_LENGTH = 8;

/** The lines of a page that its reader does not have yet, with the marks of all of them; `have`: `marksText` of the reader's. */
export function missingLines<Line extends object>(lines: readonly Line[], have: string) {
  const known = new Set(have.split(MARK_END));
  const marks = lines.map(markOf);
  return { requests: lines.filter((_, index) => !known.has(marks[index] ?? "")), marks };
}

function markOf(line: object): string {
  return createHash("sha1").update(JSON.stringify(line)).digest("base64url").slice(0, MARK_LENGTH);
}
