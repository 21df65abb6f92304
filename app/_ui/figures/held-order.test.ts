import { expect, test } from "vitest";
import { inPlace } from "./held-order";

test("held rows keep their places and get their newest figures; nothing comes between them, and none goes", () => {
  const row = (id: string, used: number) => ({ id, used });
  const held = [row("a", 1), row("b", 2), row("gone", 3)];
  const now = [row("new", 9), row("b", 8), row("a", 7)];
  expect(inPlace(held, now, ({ id }) => id)).toEqual([row("a", 7), row("b", 8), row("gone", 3)]);
});
