import { expect, test } from "vitest";
import type { Admission, SettleRequest } from "@/lib/admission/admission";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { systemClock } from "@/lib/clock";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { SettleLater } from "./settle-later";

const call: SettleRequest = { tenantId: "t", requestId: "r", actual: NO_AMOUNTS };

/** Books and a store that record their calls, in order. */
function world({ awayFor = 0, gate = Promise.resolve() } = {}) {
  const seen: string[] = [];
  let left = awayFor;
  const books = {
    drain: async () => {
      await gate;
      left -= 1;
      if (left < 0) seen.push("row committed");
    },
    isWaiting: () => left >= 0,
  };
  const settle: Admission["settle"] = async () => {
    seen.push("settled");
    return "settled";
  };
  const admission: Admission = Object.assign(new MemoryAdmission(systemClock), { settle });
  return { seen, later: new SettleLater({ admission, books, log: makeLog("silent"), pauseMs: 0 }) };
}

test("the store forgets a call only after its row is committed, and the answer waits for neither", async () => {
  let open: () => void = () => undefined;
  const { seen, later } = world({ gate: new Promise<void>((resolve) => (open = resolve)) });
  await later.settle(call);
  expect(seen).toEqual([]);
  open();
  await later.settled();
  expect(seen.slice(0, 2)).toEqual(["row committed", "settled"]);
});

test("while the database is away it is tried again", async () => {
  const { seen, later } = world({ awayFor: 2 });
  await later.settle(call);
  await later.settled();
  expect(seen.slice(0, 2)).toEqual(["row committed", "settled"]);
});

test("a call whose row cannot be committed stays in the store, to be reaped", async () => {
  const { seen, later } = world({ awayFor: 10 });
  await later.settle(call);
  await later.settled();
  expect(seen).toEqual([]);
});
