import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { missingLines } from "./line-marks";
import { type MarkedPage, marksText, wholePage } from "./page-delta.shared";

type Line = { readonly requestId: string; readonly outcome: string };
const lines = fc.uniqueArray(
  fc.record({
    requestId: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    outcome: fc.constantFrom("complete", "crashed"),
  }),
  { selector: ({ requestId }) => requestId },
);

/** What a page has after a read. */
function read(now: readonly Line[], before: MarkedPage<Line> | undefined) {
  const sent = { ...missingLines(now, marksText(before?.marks ?? [])), next: null };
  return { sent, page: wholePage(sent, before) };
}

test("whatever comes late, changes or goes, a page that is sent only what it lacks is the whole page", () => {
  fc.assert(
    fc.property(lines, lines, lines, (first, second, third) => {
      const opened = read(first, undefined);
      expect(opened.page.requests).toEqual(first);
      const later = read(second, opened.page);
      expect(later.page.requests).toEqual(second);
      expect(read(third, later.page).page.requests).toEqual(third);
    }),
  );
});

test("of a page with one new call only that call is sent, and of an unchanged one nothing", () => {
  const line = (index: number) => ({ requestId: `req_${index}`, outcome: "complete" });
  const before = read(
    Array.from({ length: 50 }, (_, index) => line(50 - index)),
    undefined,
  ).page;
  const now = [line(51), ...before.requests.slice(0, 49)];
  expect(read(now, before).sent.requests).toEqual([line(51)]);
  expect(read(before.requests, before).sent.requests).toEqual([]);
});
