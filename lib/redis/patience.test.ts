import { expect, test } from "vitest";
import { Patience } from "./patience";

/** A process whose turns take as long as the test says. */
function setUp(budgetMs: number) {
  let now = 0;
  let next: (() => void) | null = null;
  const patience = new Patience({ budgetMs, now: () => now, nextTurn: (turn) => (next = turn) });
  const turn = async (ms: number) => {
    now += ms;
    const due = next;
    next = null;
    due?.();
    await Promise.resolve();
  };
  const turns = async (count: number, ms: number) => {
    for (let done = 0; done < count; done++) await turn(ms);
  };
  const begun = () => {
    let answer: () => void = () => undefined;
    const state = { is: "waiting" };
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const settled = patience.wait(answered).then(
      () => (state.is = "answered"),
      () => (state.is = "given up"),
    );
    const soon = async () => {
      answer();
      await settled;
    };
    return { state, answer: soon };
  };
  return { patience, turn, turns, begun };
}

test("a store that does not answer is given up when the budget is over", async () => {
  const { turns, begun } = setUp(50);
  const { state } = begun();
  await turns(4, 10);
  expect(state.is).toBe("waiting");
  await turns(2, 10);
  expect(state.is).toBe("given up");
});

test("a turn of the loop that took a second counts like any other: the process was late, not the store", async () => {
  const { turns, begun } = setUp(50);
  const { state, answer } = begun();
  await turns(4, 1000);
  await answer();
  expect(state.is).toBe("answered");
});

test("time before a wait began is not its own", async () => {
  const { turn, turns, begun } = setUp(50);
  begun();
  await turns(3, 10);
  const second = begun();
  await turns(4, 10);
  expect(second.state.is).toBe("waiting");
  await turn(10);
  await turn(10);
  expect(second.state.is).toBe("given up");
});

test("the budget follows what the store takes, also by answers that come too late, and comes down again", async () => {
  const { patience, turns, begun } = setUp(50);
  expect(patience.budgetMs).toBe(50);
  for (let call = 0; call < 5; call++) {
    const { answer } = begun();
    await turns(8, 10);
    await answer();
  }
  expect(patience.budgetMs).toBeGreaterThan(80);
  const { state, answer } = begun();
  await turns(8, 10);
  await answer();
  expect(state.is).toBe("answered");
  for (let call = 0; call < 40; call++) {
    const quick = begun();
    await turns(1, 1);
    await quick.answer();
  }
  expect(patience.budgetMs).toBe(50);
});

test("a store that hung for an hour delays no call for longer than a quarter of a second", async () => {
  const { patience, turns, begun } = setUp(50);
  const { answer } = begun();
  await turns(3600, 10);
  await answer();
  expect(patience.budgetMs).toBeLessThanOrEqual(250);
});

test("commands one after the other share one chain of turns", async () => {
  const due: (() => void)[] = [];
  const patience = new Patience({ budgetMs: 50, now: () => 0, nextTurn: (turn) => due.push(turn) });
  for (let command = 0; command < 100; command++) {
    await patience.wait(Promise.resolve());
    if (command % 10 === 0) due.shift()?.();
  }
  expect(due.length).toBeLessThanOrEqual(1);
});
