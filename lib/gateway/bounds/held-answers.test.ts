import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HeldAnswers } from "./held-answers";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function open(): EventEmitter & { destroyed: boolean } {
  return Object.assign(new EventEmitter(), { destroyed: false });
}

/** Whether an answer may be sent now. */
function watched(answer: Promise<void>): { isFree: boolean } {
  const seen = { isFree: false };
  void answer.then(() => (seen.isFree = true));
  return seen;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("an answer is held for one second, and then nothing is kept", async () => {
  const held = new HeldAnswers(() => 0);
  const connection = open();
  const answer = watched(held.hold(connection));
  vi.advanceTimersByTime(999);
  await settled();
  expect([answer.isFree, held.size]).toEqual([false, 1]);
  vi.advanceTimersByTime(1);
  await settled();
  expect([answer.isFree, held.size, connection.listenerCount("close")]).toEqual([true, 0, 0]);
});

test("a connection that closes is held no longer", async () => {
  const held = new HeldAnswers(() => 0);
  const connection = open();
  const answer = watched(held.hold(connection));
  connection.emit("close");
  await settled();
  expect([answer.isFree, held.size, vi.getTimerCount()]).toEqual([true, 0, 0]);
  expect(watched(held.hold(Object.assign(open(), { destroyed: true })))).toBeDefined();
  expect(held.size).toBe(0);
});

test("when 256 are held the next is sent at once", async () => {
  const held = new HeldAnswers(() => 0);
  for (let one = 0; one < 256; one++) void held.hold(open());
  const next = watched(held.hold(open()));
  await settled();
  expect([next.isFree, held.size]).toEqual([true, 256]);
  vi.advanceTimersByTime(1000 + 255 * 5);
  expect(held.size).toBe(0);
});

test("answers that were held together are sent 5 ms apart; later ones wait a second again", async () => {
  let now = 0;
  const held = new HeldAnswers(() => now);
  for (let one = 0; one < 10; one++) void held.hold(open());
  vi.advanceTimersByTime(1000);
  expect(held.size).toBe(9);
  vi.advanceTimersByTime(5);
  expect(held.size).toBe(8);
  vi.advanceTimersByTime(40);
  now = 1045;
  const later = watched(held.hold(open()));
  vi.advanceTimersByTime(999);
  await settled();
  expect([later.isFree, held.size]).toEqual([false, 1]);
  vi.advanceTimersByTime(1);
  expect(held.size).toBe(0);
});
