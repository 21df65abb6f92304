import { expect, test } from "vitest";
import { StormLine } from "./storm-line";

function setUp() {
  const clock = { at: 1_000_000 };
  return { clock, line: new StormLine(() => clock.at) };
}

const PER_SECOND = 20;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("of a storm one call begins in each turn of the loop, and calls of other keys begin at once", async () => {
  const { line } = setUp();
  for (let refused = 0; refused < PER_SECOND; refused++) {
    expect(line.turnOf("loud")).toBeNull();
    line.refused("loud");
  }
  const begun: number[] = [];
  for (let call = 0; call < 5; call++) void line.turnOf("loud")?.then(() => begun.push(call));
  expect(line.turnOf("quiet")).toBeNull();
  await Promise.resolve();
  expect(begun).toEqual([]);
  const seen: number[] = [];
  while (begun.length < 5) {
    await turn();
    seen.push(begun.length);
  }
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(seen.every((count, at) => count - (seen[at - 1] ?? 0) <= 1)).toBe(true);
  expect(line.size).toBe(0);
});

test("a key that is refused less often begins at once, and so does one whose storm is over", () => {
  const { clock, line } = setUp();
  for (let refused = 0; refused < 200; refused++) {
    clock.at += 1000 / (PER_SECOND - 1);
    line.refused("patient");
    expect(line.turnOf("patient")).toBeNull();
  }
  for (let refused = 0; refused < PER_SECOND; refused++) line.refused("loud");
  expect(line.turnOf("loud")).not.toBeNull();
  clock.at += 2000;
  expect(line.turnOf("loud")).toBeNull();
});
