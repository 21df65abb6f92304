import { expect, test } from "vitest";
import type { Movement } from "@/db/queries/overview/movements";
import { perMinute, topMovers, totalsOf } from "./top-movers.shared";

const none = { calls: 0, tokens: 0, costMicroUsd: 0, refused: 0 };
const movement = (tenantId: string, now: Partial<typeof none>, before: Partial<typeof none>): Movement => ({
  tenantId,
  now: { ...none, ...now },
  before: { ...none, ...before },
});
const tenants = new Map(["a", "b", "c", "d", "e"].map((id) => [id, { slug: `slug-${id}`, name: `Name ${id}` }]));

test("of each measure those that moved most, up or down, and nobody that did not move", () => {
  const movers = topMovers(
    [
      movement("a", { calls: 100, costMicroUsd: 5 }, { calls: 90, costMicroUsd: 5 }),
      movement("b", { calls: 5 }, { calls: 500 }),
      movement("c", { calls: 300, refused: 40 }, { calls: 100 }),
      movement("d", { calls: 9 }, { calls: 8 }),
      movement("e", { calls: 7 }, { calls: 7 }),
      movement("removed", { calls: 9000, refused: 9000 }, {}),
    ],
    tenants,
  );
  expect(movers.calls.map(({ slug, now, before }) => [slug, now, before])).toEqual([
    ["slug-b", 5, 500],
    ["slug-c", 300, 100],
    ["slug-a", 100, 90],
  ]);
  expect(movers.refused.map(({ name }) => name)).toEqual(["Name c"]);
  expect([movers.tokens, movers.costMicroUsd]).toEqual([[], []]);
});

test("the totals of both hours count every tenant, removed ones too", () => {
  const moved = [
    movement("a", { calls: 100, tokens: 7 }, { calls: 90 }),
    movement("removed", { refused: 4 }, { calls: 10, costMicroUsd: 5 }),
  ];
  expect(totalsOf(moved)).toEqual({
    now: { ...none, calls: 100, tokens: 7, refused: 4 },
    before: { ...none, calls: 100, costMicroUsd: 5 },
  });
  expect(totalsOf([])).toEqual({ now: none, before: none });
});

test("movers that moved alike stay in one order", () => {
  const alike = ["c", "a", "b"].map((id) => movement(id, { tokens: 10 }, {}));
  const shown = (from: readonly Movement[]) => topMovers(from, tenants).tokens.map(({ slug }) => slug);
  expect(shown(alike)).toEqual(["slug-a", "slug-b", "slug-c"]);
  expect(shown(alike.toReversed())).toEqual(shown(alike));
});

test("a trend has one number per minute, whatever minutes had calls, and nothing from outside", () => {
  const start = Date.parse("2026-11-27T10:00:00Z");
  const at = (minute: number, calls: number) => ({ minute: new Date(start + minute * 60_000), calls });
  expect(perMinute([at(-1, 9), at(0, 2), at(3, 1), at(3, 4), at(5, 7)], start, 5)).toEqual([2, 0, 0, 5, 0]);
});
