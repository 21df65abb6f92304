import { expect, test } from "vitest";
import { Stopper, type StopSignal } from "./stopper";

test("it stops once, for the first reason, and tells each listener once, in their order", () => {
  const stopper = new Stopper<string>();
  const told: string[] = [];
  const taken = () => void told.push("taken");
  stopper.addEventListener("abort", () => void told.push("first"));
  stopper.addEventListener("abort", taken);
  stopper.addEventListener("abort", () => stopper.removeEventListener("abort", late));
  const late = () => void told.push("late");
  stopper.addEventListener("abort", late);
  stopper.removeEventListener("abort", taken);
  expect([stopper.aborted, stopper.reason]).toEqual([false, undefined]);
  stopper.abort("one");
  stopper.abort("two");
  stopper.addEventListener("abort", taken);
  expect([stopper.aborted, stopper.reason, told]).toEqual([true, "one", ["first"]]);
});

test("a signal of Node's is one as well", () => {
  const controller = new AbortController();
  const signal: StopSignal = controller.signal;
  const told: unknown[] = [];
  signal.addEventListener("abort", () => told.push(signal.reason));
  controller.abort("gone");
  expect(told).toEqual(["gone"]);
});
