import { expect, test } from "vitest";
import { WaitingLines } from "./waiting-lines";

/** Each caller has a signal of its own, as each call has. */
const never = () => new AbortController().signal;
const LONG_MS = 60_000;

test("callers come to the head one by one, in the order in which they came; each line is its own", async () => {
  const lines = new WaitingLines();
  const order: number[] = [];
  const calls = Array.from({ length: 5 }, async (_, index) => {
    const leave = await lines.enter("a", LONG_MS, never());
    order.push(index);
    await Promise.resolve();
    leave?.();
    leave?.();
  });
  expect(lines.length("a")).toBe(5);
  expect(await lines.enter("b", LONG_MS, never())).not.toBeNull();
  await Promise.all(calls);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect([lines.length("a"), lines.length("b")]).toEqual([0, 1]);
});

test("who gives up or is late leaves the line, and those behind keep their place", async () => {
  const lines = new WaitingLines();
  const first = await lines.enter("a", LONG_MS, never());
  const gone = new AbortController();
  const second = lines.enter("a", LONG_MS, gone.signal);
  const late = lines.enter("a", 1, never());
  const last = lines.enter("a", LONG_MS, never());
  gone.abort();
  expect(await second).toBeNull();
  expect(await late).toBeNull();
  expect(lines.length("a")).toBe(2);
  first?.();
  expect(await last).not.toBeNull();
});

test("a full line takes nobody in", async () => {
  const lines = new WaitingLines();
  for (let index = 0; index < 100; index++) void lines.enter("a", LONG_MS, never());
  expect(await lines.enter("a", LONG_MS, never())).toBeNull();
});

test("the more urgent goes first, and of a full line the least urgent gives way to it", async () => {
  const lines = new WaitingLines();
  const order: string[] = [];
  const leave = await lines.enter("a", LONG_MS, never(), 1);
  const wait = (name: string, rank: number) =>
    lines.enter("a", LONG_MS, never(), rank).then((next) => {
      order.push(next === null ? `${name} gave way` : name);
      next?.();
    });
  const all = [wait("background", 3), wait("batch", 2), wait("interactive", 0), wait("batch too", 2)];
  for (let index = 0; index < 95; index++) all.push(wait("standard", 1));
  expect(lines.length("a")).toBe(100);
  all.push(wait("one more", 1));
  // Behind a line of equals nobody is let in.
  await wait("as late as the last", 3);
  leave?.();
  await Promise.all(all);
  expect(order.slice(0, 2).sort()).toEqual(["as late as the last gave way", "background gave way"]);
  expect(order[2]).toBe("interactive");
  expect(order.filter((name) => name === "standard")).toHaveLength(95);
  expect(order.slice(-3)).toEqual(["one more", "batch", "batch too"]);
});
