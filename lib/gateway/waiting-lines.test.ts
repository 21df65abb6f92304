import { expect, test } from "vitest";
import { WaitingLines } from "./waiting-lines";

const never = new AbortController().signal;
const LONG_MS = 60_000;

test("callers come to the head one by one, in the order in which they came; each line is its own", async () => {
  const lines = new WaitingLines();
  const order: number[] = [];
  const calls = Array.from({ length: 5 }, async (_, index) => {
    const leave = await lines.enter("a", LONG_MS, never);
    order.push(index);
    await Promise.resolve();
    leave?.();
    leave?.();
  });
  expect(lines.length("a")).toBe(5);
  expect(await lines.enter("b", LONG_MS, never)).not.toBeNull();
  await Promise.all(calls);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect([lines.length("a"), lines.length("b")]).toEqual([0, 1]);
});

test("who gives up or is late leaves the line, and those behind keep their place", async () => {
  const lines = new WaitingLines();
  const first = await lines.enter("a", LONG_MS, never);
  const gone = new AbortController();
  const second = lines.enter("a", LONG_MS, gone.signal);
  const late = lines.enter("a", 1, never);
  const last = lines.enter("a", LONG_MS, never);
  gone.abort();
  expect(await second).toBeNull();
  expect(await late).toBeNull();
  expect(lines.length("a")).toBe(2);
  first?.();
  expect(await last).not.toBeNull();
});

test("a full line takes nobody in", async () => {
  const lines = new WaitingLines();
  for (let index = 0; index < 100; index++) void lines.enter("a", LONG_MS, never);
  expect(await lines.enter("a", LONG_MS, never)).toBeNull();
});
