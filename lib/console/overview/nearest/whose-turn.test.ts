import { expect, test } from "vitest";
import { whoseTurn } from "./whose-turn";

const all = Array.from({ length: 1000 }, (_, index) => `t${index}`);

test("when there is room for everybody, everybody is looked at", () => {
  expect(whoseTurn({ all: ["a", "b"], first: ["b"], cursor: 7, most: 2 })).toEqual({ ids: ["a", "b"], cursor: 0 });
});

test("those that matter are looked at each time, everybody in turn, and never more than the bound", () => {
  const seen = new Set<string>();
  let cursor = 0;
  for (let look = 0; look < 14; look++) {
    const turn = whoseTurn({ all, first: ["t999", "gone", "t5"], cursor, most: 80 });
    expect(turn.ids).toHaveLength(80);
    expect(turn.ids.slice(0, 2)).toEqual(["t999", "t5"]);
    for (const id of turn.ids) seen.add(id);
    cursor = turn.cursor;
  }
  expect(seen.size).toBe(1000);
});

test("very many that matter leave half of the room to the others", () => {
  const { ids, cursor } = whoseTurn({ all, first: all.slice(500), cursor: 0, most: 100 });
  expect(ids).toHaveLength(100);
  expect(ids.slice(50)).toEqual(all.slice(0, 50));
  expect(cursor).toBe(50);
});
