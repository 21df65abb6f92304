import type { Dispatcher } from "undici";
import { expect, test, vi } from "vitest";
import { Answer } from "./answer";

/** An answer with every method that undici would call, and a record of events. */
function begun(signal: AbortSignal = new AbortController().signal) {
  const state = { aborted: false, paused: false };
  const controller: Dispatcher.DispatchController = {
    get aborted() {
      return state.aborted;
    },
    get paused() {
      return state.paused;
    },
    reason: null,
    rawHeaders: null,
    rawTrailers: null,
    abort: () => {
      state.aborted = true;
    },
    pause: () => {
      state.paused = true;
    },
    resume: () => {
      state.paused = false;
    },
  };
  const seen = { onSent: vi.fn(), onBegun: vi.fn(), onFailed: vi.fn() };
  const answer = new Answer({ signal, ...seen });
  return { answer, controller, state, ...seen };
}

const bytes = (text: string) => Buffer.from(text);

test("a body is read in the order in which it comes, also by a reader that was there first", async () => {
  const { answer, controller, onSent, onBegun } = begun();
  answer.onRequestStart(controller);
  answer.onResponseStart(controller, 103, {});
  expect(onBegun).not.toHaveBeenCalled();
  answer.onResponseStart(controller, 200, { "content-type": "text/plain" });
  const first = answer.next();
  answer.onResponseData(controller, bytes("a"));
  answer.onResponseData(controller, bytes("b"));
  answer.onResponseEnd();
  expect((await first).value).toEqual(bytes("a"));
  expect((await answer.next()).value).toEqual(bytes("b"));
  expect((await answer.next()).done).toBe(true);
  expect([onSent.mock.calls.length, onBegun.mock.calls]).toEqual([1, [[200, { "content-type": "text/plain" }]]]);
});

test("nothing more is read from a provider than its reader takes", async () => {
  const { answer, controller, state } = begun();
  answer.onRequestStart(controller);
  answer.onResponseStart(controller, 200, {});
  answer.onResponseData(controller, Buffer.alloc(64 * 1024));
  expect(state.paused).toBe(true);
  await answer.next();
  expect(state.paused).toBe(false);
});

test("bytes that came before a provider broke off are read, and then the error", async () => {
  const { answer, controller } = begun();
  answer.onRequestStart(controller);
  answer.onResponseStart(controller, 200, {});
  answer.onResponseData(controller, bytes("a"));
  answer.onResponseError(controller, new Error("reset"));
  expect((await answer.next()).value).toEqual(bytes("a"));
  await expect(answer.next()).rejects.toThrow("reset");
});

test("a call that is given up fails once, sends nothing any more, and hands on nothing that waits", async () => {
  const early = new AbortController();
  const waiting = begun(early.signal);
  early.abort(new Error("gone"));
  expect(waiting.onFailed).toHaveBeenCalledTimes(1);
  waiting.answer.onRequestStart(waiting.controller);
  expect([waiting.onSent.mock.calls.length, waiting.state.aborted]).toEqual([0, true]);
  const late = new AbortController();
  const running = begun(late.signal);
  running.answer.onRequestStart(running.controller);
  running.answer.onResponseStart(running.controller, 200, {});
  running.answer.onResponseData(running.controller, bytes("a"));
  late.abort(new Error("cut"));
  await expect(running.answer.next()).rejects.toThrow("cut");
  expect([running.state.aborted, running.onFailed.mock.calls.length]).toEqual([true, 0]);
});

test("a body that was destroyed is over; one that had ended keeps its connection", async () => {
  const { answer, controller, state } = begun();
  answer.onRequestStart(controller);
  answer.onResponseStart(controller, 200, {});
  answer.destroy();
  answer.destroy();
  expect(state.aborted).toBe(true);
  await expect(answer.next()).rejects.toThrow("given up");
  const ended = begun();
  ended.answer.onRequestStart(ended.controller);
  ended.answer.onResponseStart(ended.controller, 200, {});
  ended.answer.onResponseEnd();
  ended.answer.destroy();
  expect(ended.state.aborted).toBe(false);
});
