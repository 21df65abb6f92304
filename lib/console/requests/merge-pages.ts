type Line = { readonly requestId: string };
/** `to`: the oldest id that was read; null = all were. */
type Page<Row> = { readonly rows: readonly Row[]; readonly to: string | null };

/**
 * The newest lines of several books, in one order. If a book was not read to its end, no line older than its last read
 * one is shown, because a line of that book could come before. `next`: where the next page starts; null = no next page.
 */
export function mergePages<Row extends Line>(pages: readonly Page<Row>[], limit: number) {
  const ends = pages.flatMap(({ to }) => to ?? []);
  const frontier = ends.length === 0 ? null : ends.reduce((newest, end) => (end > newest ? end : newest));
  const rows = pages
    .flatMap((page) => page.rows)
    .filter((row) => frontier === null || row.requestId >= frontier)
    .sort((left, right) => (left.requestId < right.requestId ? 1 : -1));
  const shown = rows.slice(0, limit);
  const last = shown.at(-1)?.requestId ?? null;
  return { rows: shown, next: rows.length > limit ? last : frontier };
}

export type LogPage<Line> = { readonly requests: readonly Line[]; readonly next: string | null };

/** A whole log holds at most so many lines, from at most so many pages: a filter that matches little has many. */
const WHOLE = { lines: 50_000, pages: 100 } as const;

/** All pages in one, from `first` on; `next` is where it was cut. */
export async function wholeLog<Line>(
  first: string,
  pageAt: (to: string) => Promise<LogPage<Line>>,
  most: { readonly lines: number; readonly pages: number } = WHOLE,
): Promise<LogPage<Line>> {
  const requests: Line[] = [];
  let next: string | null = first;
  for (let pages = 0; next !== null && pages < most.pages && requests.length < most.lines; pages++) {
    const page: LogPage<Line> = await pageAt(next);
    requests.push(...page.requests);
    next = page.next;
  }
  return { requests, next };
}
