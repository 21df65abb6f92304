/** A page of the log. `marks`: one of each line, in order; a line that changes gets another mark. */
export type MarkedPage<Line> = {
  readonly requests: readonly Line[];
  readonly next: string | null;
  readonly marks: readonly string[];
};

/** Marks as one text, for the query of the next read. */
export function marksText(marks: readonly string[]): string {
  return marks.join(MARK_END);
}

export const MARK_END = ".";

/** The page that `delta` describes: its lines are those that `before` lacks. */
export function wholePage<Line>(delta: MarkedPage<Line>, before: MarkedPage<Line> | undefined): MarkedPage<Line> {
  const known = new Map(before?.marks.map((mark, index) => [mark, before.requests[index]]));
  const fresh = [...delta.requests];
  const requests = delta.marks.flatMap((mark) => known.get(mark) ?? fresh.shift() ?? []);
  return { ...delta, requests };
}
