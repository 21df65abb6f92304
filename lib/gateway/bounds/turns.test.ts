import { expect, test } from "vitest";
import { Turns } from "./turns";

/** A clock that advances one millisecond per read, so a slice of 3 ms is a few steps on any machine. */
function ticking() {
  let ms = 0;
  return () => ms++;
}

const turnOfLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

function* steps(count: number, seen: () => void = () => undefined): Generator<void, number> {
  for (let step = 0; step < count; step++) {
    seen();
    yield;
  }
  return count;
}

test("an idle process does small work at once", async () => {
  const turns = new Turns(() => 0);
  let done = 0;
  const result = turns.run(
    "a",
    steps(1, () => (done += 1)),
  );
  expect([done, turns.size]).toEqual([1, 0]);
  expect(await result).toBe(1);
});

test("large work yields to the event loop", async () => {
  const turns = new Turns(ticking());
  let done = 0;
  const result = turns.run(
    "a",
    steps(1000, () => (done += 1)),
  );
  const seen: number[] = [];
  while (turns.size > 0) {
    seen.push(done);
    await turnOfLoop();
  }
  expect(await result).toBe(1000);
  expect(seen.length).toBeGreaterThan(100);
});

test("many calls in one turn of the event loop share its time", () => {
  const turns = new Turns(ticking());
  let done = 0;
  for (let one = 0; one < 100; one++)
    void turns.run(
      `key ${one}`,
      steps(1, () => (done += 1)),
    );
  expect(done).toBeLessThan(10);
  expect(turns.size).toBeGreaterThan(90);
});

test("a key that sends much delays itself, not other keys", async () => {
  const turns = new Turns(ticking());
  const order: string[] = [];
  const wait = (key: string, name: string) => turns.run(key, steps(50)).then(() => order.push(name));
  const all = ["1", "2", "3", "4"].map((nth) => wait("greedy", `greedy ${nth}`));
  all.push(wait("other", "other"));
  await Promise.all(all);
  expect(order.indexOf("other")).toBeLessThan(2);
});

test("an error reaches only its own caller", async () => {
  const turns = new Turns(ticking());
  const bad = turns.run(
    "a",
    // biome-ignore lint/correctness/useYield: it fails before its first step is over
    (function* () {
      throw new Error("bad");
    })(),
  );
  const good = turns.run("a", steps(5));
  await expect(bad).rejects.toThrow("bad");
  expect(await good).toBe(5);
  expect(turns.size).toBe(0);
});
