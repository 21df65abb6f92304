import { expect, test } from "vitest";
import { CLOSED, SharedAnswers } from "./shared-answers";

function opened(keeping?: typeof CLOSED) {
  const time = { at: 0 };
  const answers = new SharedAnswers<number>(() => time.at, keeping);
  const state = { asked: 0 };
  /** Takes this long, by the clock of the test. */
  const ask = (question: string, tookMs: number) =>
    answers.get(question, async () => {
      state.asked += 1;
      const own = state.asked;
      time.at += tookMs;
      return own;
    });
  return { time, answers, state, ask };
}

test("readers who ask the same at the same time share one query", async () => {
  const { ask, state } = opened();
  expect(await Promise.all([ask("a", 0), ask("b", 0), ask("a", 0)])).toEqual([1, 2, 1]);
  expect(state.asked).toBe(2);
});

test("a slow answer is kept twenty times as long as it took, ten seconds at most; a quick one is not kept", async () => {
  const { time, ask } = opened();
  expect([await ask("quick", 199), await ask("quick", 199)]).toEqual([1, 2]);
  expect(await ask("slow", 500)).toBe(3);
  time.at += 9_999;
  expect(await ask("slow", 500)).toBe(3);
  time.at += 1;
  expect(await ask("slow", 5_000)).toBe(4);
  time.at += 9_999;
  expect(await ask("slow", 500)).toBe(4);
  time.at += 1;
  expect(await ask("slow", 500)).toBe(5);
});

test("sums of closed hours are kept for ten minutes, unless they are quick to read", async () => {
  const { time, ask } = opened(CLOSED);
  expect([await ask("quick", 49), await ask("quick", 49), await ask("slow", 50)]).toEqual([1, 2, 3]);
  time.at += 599_999;
  expect(await ask("slow", 50)).toBe(3);
  time.at += 1;
  expect(await ask("slow", 50)).toBe(4);
});

test("a failure is not kept", async () => {
  const { time, answers, ask } = opened();
  const failing = answers.get("a", async () => {
    time.at += 1000;
    throw new Error("the database is away");
  });
  await expect(failing).rejects.toThrow("away");
  expect(await ask("a", 200)).toBe(1);
});

test("of more than a hundred questions the oldest is forgotten", async () => {
  const { ask } = opened();
  for (let question = 0; question <= 100; question++) await ask(String(question), 200);
  expect(await ask("100", 200)).toBe(101);
  expect(await ask("0", 200)).toBe(102);
});
