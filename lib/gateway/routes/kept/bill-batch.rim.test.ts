import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { insertLedger, type LedgerInsert } from "@/db/queries/books/record";
import type { BatchWeight } from "@/db/schema/kept";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import type { Model } from "@/lib/providers/catalog";
import { newRequestId } from "@/lib/request-id";
import { KeptObjects } from "../../kept/kept-objects";
import { billBatches } from "./bill-batch";

const START = Date.parse("2026-11-21T12:00:30Z");
let database: TestDatabase;
let opened: OpenDatabase;
let kept: KeptObjects;
/** the injected clock */
let now = START;

beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
  kept = new KeptObjects(opened.db);
});
afterAll(async () => {
  await database.close();
});
beforeEach(() => {
  now += 48 * HOUR_MS;
});

const provider: Model["provider"] = {
  ...{ id: "p", slug: "p", dialect: "openai", preset: null, baseUrl: "http://up/v1", credentialEnv: null },
  ...{ credentialSealed: null, allowLocal: true, continuousUsage: false, strict: false, answerSeconds: null },
  ...{ silenceSeconds: null, requestsPerMinute: null, tokensPerMinute: null, serviceTiers: {}, ramps: false },
  ...{ coolsDown: false, isTakenOut: false, reopenedAtMs: 0, credentialId: "p", ways: [] },
};
const model: Model = {
  ...{ id: "m", slug: "m", upstreamName: "m", provider, contextTokens: 1000, maxOutputTokens: 100 },
  ...{ defaultOutputTokens: 50, fallbacks: [], createdAt: 0 },
  price: { input: 1_000_000, cachedInput: 1_000_000, output: 2_000_000 },
};

/** A gateway's parts around the real table of stored objects; `says` is the provider's answer about a batch, by id. */
function process(says: Readonly<Record<string, object | null>>) {
  const asked: string[] = [];
  const closed: LedgerInsert[] = [];
  const settled: string[] = [];
  const run = () =>
    billBatches({
      kept,
      books: {
        drain: async () => undefined,
        close: (row) => void closed.push(row),
      },
      admission: {
        settle: async ({ requestId }) => {
          settled.push(requestId);
          return "settled";
        },
      },
      policy: { snapshot: { models: new Map([["m", model]]) } },
      forward: async ({ path: place }) => {
        const id = place.split("/").at(-1) ?? "";
        asked.push(id);
        const told = says[id];
        if (told === null || told === undefined) throw new Error("the provider does not answer");
        return { status: 200, header: () => null, body: Readable.from([Buffer.from(JSON.stringify(told))]) };
      },
      simulatorUrl: null,
      credentialOf: () => null,
      prove: () => null,
      clock: { now: () => now },
      log: makeLog("silent"),
    });
  return { run, asked, closed, settled };
}

async function submit(id: string, weight: BatchWeight | null = null): Promise<string> {
  const requestId = newRequestId(now);
  const row: LedgerInsert = {
    ...{ requestId, tenantId: "t", tierId: "t", keyId: "k", keyFamilyId: "k", userDigest: "u", feature: null },
    ...{ endpoint: "batches", askedModel: "m", servedModel: "m", providerId: "p", policyVersion: 1, stream: false },
    ...{ estimatedInputTokens: 700, reservedOutputTokens: 100, inputPrice: 1_000_000, cachedInputPrice: 1_000_000 },
    ...{ outputPrice: 2_000_000, inputTokens: 700, cachedInputTokens: 0, outputTokens: 100, usageSource: "counted" },
    ...{ ending: "submitted", upstreamStatus: 200, upstreamHeadersMs: 4, totalMs: 10, instanceId: "i" },
    ...{ costMicroUsd: 900, admittedAt: new Date(now), endedAt: new Date(now) },
  };
  await insertLedger(opened.db, [row]);
  const place = { providerId: "p", dialect: "openai", tenantId: "t", model: "m", object: {}, weight };
  await kept.add([{ id, kind: "batch", requestId, pollAt: new Date(now + 30 * SECOND_MS), ...place }], now);
  return requestId;
}

const usage = { input_tokens: 300, output_tokens: 50, total_tokens: 350 };
const done = (id: string) => ({ id, object: "batch", status: "completed", usage });
const running = (id: string) => ({ id, object: "batch", status: "in_progress" });

describe("batches that have ended", () => {
  test("are polled after 30 seconds and then rarely, and billed once at their real usage", async () => {
    const requestId = await submit("batch_a");
    const says: Record<string, object> = { batch_a: running("batch_a") };
    const first = process(says);
    const began = now;
    const looksAt = async (afterMs: number) => {
      now = began + afterMs;
      const before = first.asked.length;
      await first.run();
      return first.asked.length - before;
    };
    expect(await looksAt(30 * SECOND_MS - 1)).toBe(0);
    expect(await looksAt(30 * SECOND_MS)).toBe(1);
    // One tenth of its age, between half a minute and ten minutes.
    expect([await looksAt(59 * SECOND_MS), await looksAt(60 * SECOND_MS)]).toEqual([0, 1]);
    expect([await looksAt(HOUR_MS), await looksAt(HOUR_MS + 6 * MINUTE_MS - 1)]).toEqual([1, 0]);
    expect(await looksAt(HOUR_MS + 6 * MINUTE_MS)).toBe(1);
    expect(await looksAt(10 * HOUR_MS)).toBe(1);
    expect([await looksAt(10 * HOUR_MS + 10 * MINUTE_MS - 1), first.closed]).toEqual([0, []]);
    says.batch_a = done("batch_a");
    expect(await looksAt(10 * HOUR_MS + 10 * MINUTE_MS)).toBe(1);
    expect(first.closed).toMatchObject([
      {
        ...{ requestId, ending: "complete", inputTokens: 300, outputTokens: 50, costMicroUsd: 400 },
        ...{ usageSource: "provider", endedAt: new Date(now), totalMs: 10 * HOUR_MS + 10 * MINUTE_MS },
      },
    ]);
    expect(first.settled).toEqual([requestId]);
    expect(await looksAt(30 * HOUR_MS)).toBe(0);
    expect(first.closed).toHaveLength(1);
  });

  test("are polled by one process at a time, and an unreadable batch does not block others", async () => {
    for (const id of ["batch_b", "batch_c", "batch_d"]) await submit(id);
    const says = { batch_b: null, batch_c: done("batch_c"), batch_d: done("batch_d") };
    const [one, other] = [process(says), process(says)];
    now += MINUTE_MS;
    await Promise.all([one.run(), other.run()]);
    expect([...one.asked, ...other.asked].sort()).toEqual(["batch_b", "batch_c", "batch_d"]);
    expect([...one.closed, ...other.closed]).toHaveLength(2);
    // The unreadable batch is polled again.
    now += MINUTE_MS;
    await one.run();
    expect(one.asked.at(-1)).toBe("batch_b");
  });

  test("cost no more than their calls can have used, whatever the provider says", async () => {
    const held = { inputTokens: 700, outputTokens: 100, longestInputTokens: 700, feesMicroUsd: 0 };
    await submit("batch_e", { model: "m", url: "/v1/chat/completions", requests: 2, ...held });
    const usage = { input_tokens: 90_000_000, output_tokens: 90_000_000, total_tokens: 180_000_000 };
    const one = process({ batch_e: { id: "batch_e", object: "batch", status: "completed", usage } });
    now += MINUTE_MS;
    await one.run();
    expect(one.closed).toMatchObject([
      { inputTokens: 2800, outputTokens: 100, costMicroUsd: 3000, usageSource: "clamped" },
    ]);
  });
});
