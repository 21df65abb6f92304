import { expect, test } from "vitest";
import { mergePages, wholeLog } from "./merge-pages";

const rows = (...ids: string[]) => ids.map((requestId) => ({ requestId }));

/** Books as lists of ids. A page reads `limit` of each, as the database does. */
function walk(books: readonly (readonly string[])[], limit: number): string[] {
  const seen: string[] = [];
  let after: string | null = "z";
  for (let page = 0; after !== null && page < 50; page++) {
    const before: string = after;
    const pages = books.map((book) => {
      const found = [...book]
        .sort()
        .reverse()
        .filter((id) => id < before)
        .slice(0, limit);
      return { rows: rows(...found), to: found.length < limit ? null : (found.at(-1) ?? null) };
    });
    const merged = mergePages(pages, limit);
    seen.push(...merged.rows.map((row) => row.requestId));
    after = merged.next;
  }
  return seen;
}

test("page after page gives every line of every book once, newest first", () => {
  const books = [["a", "c", "e", "g", "i"], ["b", "d"], ["f", "h", "j", "k", "l", "m"], []];
  for (const limit of [1, 2, 3, 5, 100]) expect(walk(books, limit)).toEqual([..."mlkjihgfedcba"]);
});

test("a book that was read without finding anything says where the search goes on", () => {
  const merged = mergePages(
    [
      { rows: rows("x"), to: null },
      { rows: [], to: "m" },
      { rows: rows("a"), to: null },
    ],
    10,
  );
  expect(merged).toEqual({ rows: rows("x"), next: "m" });
});

test("an export holds every page, the empty ones between too, and says where it was cut", async () => {
  const pages: Record<string, { requests: string[]; next: string | null }> = {
    end: { requests: ["f", "e"], next: "e" },
    e: { requests: [], next: "d" },
    d: { requests: ["c"], next: null },
  };
  const pageAt = (to: string) => Promise.resolve(pages[to] ?? { requests: [], next: null });
  expect(await wholeLog("end", pageAt)).toEqual({ requests: ["f", "e", "c"], next: null });
  expect(await wholeLog("end", pageAt, { lines: 2, pages: 9 })).toEqual({ requests: ["f", "e"], next: "e" });
  expect(await wholeLog("end", pageAt, { lines: 9, pages: 2 })).toEqual({ requests: ["f", "e"], next: "d" });
});
