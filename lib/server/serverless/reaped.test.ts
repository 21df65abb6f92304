import { expect, test } from "vitest";
import type { LedgerInsert } from "@/db/queries/books/record";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { limit, setUp, tokens } from "@/lib/admission/suites/fixture.suite";
import { crashedRow } from "@/lib/gateway/running/open-call";
import { reap } from "@/lib/gateway/running/reaper";
import { storedIntent } from "@/lib/ledger/journal-line";

const call = {
  requestId: "r",
  tenantId: "acme",
  tierId: "t",
  keyId: "k",
  keyFamilyId: "k",
  userDigest: "",
  endpoint: "chat",
  askedModel: "m",
  policyVersion: 1,
  stream: true,
  estimatedInputTokens: 100,
  reservedOutputTokens: 100,
  admittedAt: "2026-11-27T00:00:00.000Z",
  instanceId: "i",
};
const way = { servedModel: "m", providerId: "p", inputPrice: 1, cachedInputPrice: 1, outputPrice: 1 };
const intent = JSON.stringify({ call, ways: [way] });

/** The usage of a dead process's call after another process settled it, and its ledger rows. */
async function takenOver(booked: LedgerInsert | null | Error) {
  const { clock, store, admit, tell } = await setUp(async (own) => new MemoryAdmission(own));
  const one = limit("tenant", 1000, { algorithm: "fixed_window" });
  await admit([one], tokens(500), "r", { intent });
  clock.at += 16_000;
  const rows: LedgerInsert[] = [];
  const bookedRow = async () => {
    if (booked instanceof Error) throw booked;
    return booked;
  };
  const books = { bookedRow, close: (row: LedgerInsert) => void rows.push(row) };
  await reap({
    admission: store,
    books,
    policy: { snapshot: { tenants: new Map([["acme", null]]) } },
    leaseMs: 15_000,
  });
  return { used: (await tell([one]))[0]?.used, rows };
}

test("a call whose process died before its row is booked at what it had noted last", async () => {
  const { used, rows } = await takenOver(null);
  expect(rows).toEqual([expect.objectContaining({ requestId: "r", ending: "crashed", inputTokens: 100 })]);
  expect(used).toBe(100);
});

test("a call whose process died between its row and its settlement is charged by its row, and booked no second time", async () => {
  const crashed = crashedRow({ intent: storedIntent(intent, 0), usage: null, noted: new Date() });
  const row = { ...crashed, ending: "complete", inputTokens: 30, outputTokens: 12 };
  expect(await takenOver(row)).toEqual({ used: 42, rows: [] });
});

test("with the database away its slots are freed nevertheless", async () => {
  expect((await takenOver(new Error("away"))).rows).toHaveLength(1);
});
