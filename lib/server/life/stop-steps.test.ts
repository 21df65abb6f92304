import { expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import { stopInSteps } from "./stop-steps";

const log = makeLog("silent");
const never = new Promise<void>(() => undefined);

test("a step that fails and one that never ends stop none of the others, which begin in their order", async () => {
  const begun: string[] = [];
  const step = (name: string, work: () => Promise<unknown> | unknown) => ({
    name,
    run: () => {
      begun.push(name);
      return work();
    },
  });
  const fails = () => {
    throw new Error("broken");
  };
  await stopInSteps([step("a", () => never), step("b", fails), step("c", () => never), step("d", () => 1)], {
    log,
    totalMs: 30,
    hurriedMs: 10,
    hurried: never,
  });
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("a caller that must finish soon stops waiting before its class's bound", async () => {
  let hurry: () => void = () => undefined;
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  const stopped = stopInSteps([{ name: "hangs", run: () => never }], {
    log,
    totalMs: 3_600_000,
    hurriedMs: 1,
    hurried,
  });
  hurry();
  await stopped;
});
