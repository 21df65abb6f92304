import { expect, test } from "vitest";
import { bandOf } from "../order/band";
import { QUEUE_CONSTANTS, weightOf } from "../order/constants";
import { QueueOrder } from "../order/queue-order";
import { mayAsk } from "./offer";
import { VirtualCosts } from "./virtual-costs";

test.each([
  ["standard", 1, 0, 1],
  ["standard until it has waited for a whole ageing time", 1, 149_999, 1],
  ["then interactive", 1, 150_000, 0],
  ["batch after five minutes: interactive", 2, 300_000, 0],
  ["and on: before all interactive ones that come later", 2, 450_000, -1],
])("a waiting call is %s", (_, rank, waitedMs, band) => {
  expect(bandOf(rank, waitedMs, QUEUE_CONSTANTS.ageingMs)).toBe(band);
});

test("a tenant that comes back starts where the least of those that wait is: it has saved up nothing", () => {
  const costs = new VirtualCosts(() => 0);
  costs.enter("busy", 10);
  costs.enter("other", 10);
  costs.charge("busy", 1000, 1);
  costs.charge("other", 700, 1);
  costs.enter("back", 10);
  expect(costs.of("back")).toBe(700);
  costs.leave("back");
  costs.charge("other", 300, 1);
  costs.enter("back", 10);
  expect(costs.of("back")).toBe(1000);
  // It keeps its debt.
  costs.charge("back", 500, 1);
  costs.leave("back");
  costs.enter("back", 10);
  expect(costs.of("back")).toBe(1500);
});

test("newcomers are spread over one small call", () => {
  const rolls = [0, 0.5, 0.9];
  const costs = new VirtualCosts(() => rolls.shift() ?? 0);
  for (const name of ["a", "b", "c"]) costs.enter(name, 10);
  expect(["a", "b", "c"].map((name) => costs.of(name))).toEqual([0, 5, 9]);
});

test("the settled amount counts, not the guess: a guess a thousand times too high costs its tenant nothing in the end", () => {
  const costs = new VirtualCosts(() => 0);
  for (const name of ["guessed high", "plain"]) costs.enter(name, 1);
  costs.charge("guessed high", 1_000_000, 1);
  costs.charge("guessed high", 1000 - 1_000_000, 1);
  costs.charge("plain", 1000, 1);
  expect(costs.of("guessed high")).toBe(costs.of("plain"));
});

test("costs of several processes add up, and what is not shared yet counts at home", () => {
  const [one, two] = [new VirtualCosts(() => 0), new VirtualCosts(() => 0)];
  let total = 0;
  const share = (process: VirtualCosts) => {
    for (const { cost, atLeast } of process.takeNews()) total = Math.max(total, atLeast) + cost;
  };
  for (const process of [one, two]) process.enter("t", 1);
  one.charge("t", 30, 1);
  two.charge("t", 12, 1);
  share(one);
  share(two);
  one.charge("t", 5, 1);
  for (const process of [one, two]) process.learn("t", total);
  expect([one.of("t"), two.of("t")]).toEqual([47, 42]);
  // Unsent news go out with the next ones.
  const lost = one.takeNews();
  one.keepNews(lost);
  share(one);
  expect(total).toBe(47);
});

test("a tenant that comes first in one process starts there as low as it stands in all of them, and no lower", () => {
  const process = new VirtualCosts(() => 0);
  process.enter("busy", 1);
  process.charge("busy", 500, 1);
  process.enter("new here", 1);
  expect(process.takeNews()).toContainEqual({ tenantId: "new here", cost: 0, atLeast: 500 });
  process.learn("new here", 800);
  expect(process.of("new here")).toBe(800);
});

test("weights go by the place of the tier, and the last holds for all above", () => {
  expect([-1, 0, 1, 2, 9].map((place) => weightOf(QUEUE_CONSTANTS, place))).toEqual([1, 1, 4, 16, 16]);
});

test("a process asks for its best call while no other has a better one, give or take the slack", () => {
  const own = { band: 1, cost: 100 };
  expect(mayAsk(own, [], 0)).toBe(true);
  expect(mayAsk(own, [{ band: 1, cost: 90 }], 10)).toBe(true);
  expect(mayAsk(own, [{ band: 1, cost: 89 }], 10)).toBe(false);
  expect(mayAsk(own, [{ band: 0, cost: 1000 }], 1e9)).toBe(false);
  expect(mayAsk(own, [{ band: 2, cost: 0 }], 0)).toBe(true);
});

test("one call asks at a time: the best; a denied call keeps its place, and a better newcomer goes first", () => {
  const order = new QueueOrder(
    () => QUEUE_CONSTANTS,
    () => 0,
  );
  const call = (tenantId: string, priority: "batch" | "interactive", since: number) => {
    const waiter = { tenantId, priority, since, bytes: 1, weight: 1 };
    order.enter(waiter, { line: "l", askAt: since, now: since });
    return waiter;
  };
  const batch = call("a", "batch", 0);
  expect(order.next("l", 0)).toEqual({ kind: "ask", waiter: batch });
  const urgent = call("b", "interactive", 10);
  expect(order.next("l", 10)).toEqual({ kind: "idle" });
  order.denied(batch, { line: "l", askAt: 500, now: 20 });
  expect(order.next("l", 20)).toEqual({ kind: "ask", waiter: urgent });
  order.served(urgent, 30);
  expect(order.next("l", 30)).toEqual({ kind: "wait", untilMs: 500 });
  order.hurry("l", 40);
  expect(order.next("l", 40)).toEqual({ kind: "ask", waiter: batch });
  expect(order.leave(batch)).toBe(true);
  expect([order.size, order.length("l"), order.leave(batch)]).toEqual([0, 0, false]);
  expect([...order.lines()]).toEqual([]);
});

test("a call that must wait for something else next stands there by the time since which it waits", () => {
  const order = new QueueOrder(
    () => QUEUE_CONSTANTS,
    () => 0,
  );
  const one = { tenantId: "a", priority: "batch", since: 0, bytes: 1, weight: 1 } as const;
  const two = { ...one, since: 5 };
  order.enter(one, { line: "first", askAt: 0, now: 0 });
  order.enter(two, { line: "second", askAt: 5, now: 5 });
  expect(order.next("first", 6)).toMatchObject({ kind: "ask" });
  order.denied(one, { line: "second", askAt: 6, now: 6 });
  expect(order.next("second", 6)).toEqual({ kind: "ask", waiter: one });
  expect(order.placeOf(two)).toEqual({ place: 2, expectedMs: null });
});
