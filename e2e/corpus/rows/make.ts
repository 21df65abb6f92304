import type { Row, Sent } from "../row";

/** Rows of one number that are answered alike, by what is sent. */
export function sends(
  id: string,
  answer: Row["answer"],
  inputs: Readonly<Record<string, Sent>>,
  more: Partial<Row> = {},
): Row[] {
  return Object.entries(inputs).map(([what, send]) => ({ id, what, send, answer, ...more }));
}

/** The same by fields laid over a sound body. */
export function fields(
  id: string,
  answer: Row["answer"],
  inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  more: Partial<Row> = {},
): Row[] {
  return Object.entries(inputs).map(([what, changed]) => ({ id, what, send: { fields: changed }, answer, ...more }));
}
