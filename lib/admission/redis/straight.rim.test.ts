import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { scriptsUnderTest } from "../../../e2e/mutants/mutants";
import type { Admission, AdmitRequest } from "../admission";
import { storeKeys } from "../keys";
import { MemoryAdmission } from "../memory/memory";
import { RedisAdmission } from "./redis";

const KEYS = storeKeys("test");

let server: RedisServer;
let client: RedisClient;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 2000 });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

const HOUR = 3_600_000;
const START = 1_795_000_000_000;

const MIXES: Readonly<Record<string, readonly AlgorithmName[]>> = {
  "token buckets": ["token_bucket"],
  "sliding windows": ["sliding_window"],
  "all algorithms": ["token_bucket", "fixed_window", "sliding_window", "calendar_window"],
};

for (const [mix, algorithms] of Object.entries(MIXES)) {
  test(`under any number of limits the script is one that Redis takes, and decides as in process: ${mix}`, async () => {
    let at = START;
    const stores: Admission[] = [
      new MemoryAdmission({ now: () => at }),
      new RedisAdmission(client, KEYS, () => at, scriptsUnderTest()),
    ];
    for (let count = 1; count <= 36; count++) {
      const limits = Array.from({ length: count }, (_, index) => limitOf(count, index, algorithms));
      const leases = [limitOf(count, 0, ["concurrency"]), limitOf(count, 1, ["concurrency"])];
      // The first call makes the counters, the second finds them, the third no longer fits.
      for (let call = 0; call < 3; call++) {
        at += 1000;
        const request = requestOf(`${mix}.${count}.${call}`, [...limits, ...leases]);
        const [expected, actual] = await Promise.all(
          stores.map(async (store) => {
            await store.publish(1, ["acme"]);
            const reply = await store.admit(request);
            const { requestId, tenantId } = request;
            const used = { ...NO_AMOUNTS, requests: 4, concurrency: 1 };
            const settled = reply.kind === "admit" ? await store.settle({ requestId, tenantId, actual: used }) : "";
            return { reply, settled, left: await store.peek(limits) };
          }),
        );
        expect(actual, `${count} limits, call ${call}`).toEqual(expected);
        expect(actual?.reply.kind).toBe(call < 2 ? "admit" : "deny");
      }
    }
  });
}

/** Asks both implementations the same: their answers and the final state must be equal. */
async function bothDo(
  stores: readonly Admission[],
  limits: readonly AppliedLimit[],
  work: (store: Admission) => Promise<unknown>,
): Promise<void> {
  const [expected, actual] = await Promise.all(
    stores.map(async (store) => ({ said: await work(store), left: await store.peek(limits) })),
  );
  expect(actual).toEqual(expected);
}

function bothStores(clock: { at: number }): Admission[] {
  return [
    new MemoryAdmission({ now: () => clock.at }),
    new RedisAdmission(client, KEYS, () => clock.at, scriptsUnderTest()),
  ];
}

const DIMENSIONS = ["requests", "total_tokens", "cost_micro_usd", "input_tokens"] as const;

/** Slots of one subject by name; each counts its own dimension, so that a call may leave any of them alone. */
function slots(subject: string, names: readonly string[]): AppliedLimit[] {
  return names.map((slotId, index) => ({
    ...limitOf(0, index, ["token_bucket"]),
    limitId: slotId,
    slotId,
    subject,
    counter: `${subject}#${slotId}`,
    dimension: DIMENSIONS[index % DIMENSIONS.length] ?? "requests",
    rule: { algorithm: "token_bucket", capacity: 100, refill: 60, periodMs: 60_000, credit: 0, bounds: null },
  }));
}

test("slots that a call leaves alone stay as they are, whichever of a subject's it is", async () => {
  const clock = { at: START };
  const stores = bothStores(clock);
  for (const store of stores) await store.publish(1, ["acme"]);
  const limits = slots("t:acme:user:alone", ["x", "y", "z"]);
  const costs = [
    [9, 9, 9],
    [5, 0, 0],
    [0, 5, 0],
    [0, 0, 5],
    [0, 0, 0],
    [5, 5, 0],
    [0, 5, 5],
  ];
  // Slots are laid out in the order of the first plan, so the second call of a kind finds them in order.
  const calls = costs.flatMap((cost) => DIMENSIONS.map((dimension) => ({ cost, dimension })));
  for (const [index, { cost, dimension }] of calls.entries()) {
    const [requests = 0, total_tokens = 0, cost_micro_usd = 0] = cost;
    clock.at += 1500;
    const amounts = { ...NO_AMOUNTS, requests, total_tokens, cost_micro_usd };
    const request = requestOf(`alone.${index}`, limits, amounts);
    await bothDo(stores, limits, (store) => store.admit(request));
    clock.at += 700;
    // Each settlement corrects one counter; the last ones correct none.
    const actual = { ...amounts, [dimension]: Math.max(0, amounts[dimension] - 2) };
    await bothDo(stores, limits, (store) => store.settle({ requestId: `alone.${index}`, tenantId: "acme", actual }));
  }
});

test("a slot is never taken for another one of the same form", async () => {
  const clock = { at: START };
  const stores = bothStores(clock);
  for (const store of stores) await store.publish(1, ["acme"]);
  const amounts = { ...NO_AMOUNTS, requests: 7, total_tokens: 7, cost_micro_usd: 7 };
  for (const [index, names] of [
    ["d", "b", "c"],
    ["a", "d", "c"],
    ["a", "b", "d"],
  ].entries()) {
    const subject = `t:acme:user:form${index}`;
    const limits = slots(subject, ["a", "b", "c"]);
    const others = slots(subject, names);
    // First on other subjects, so that the store knows the policy: without it nothing is written out.
    for (const elsewhere of [slots(`${subject}w`, ["a", "b", "c"]), slots(`${subject}v`, names)]) {
      for (const store of stores)
        await store.admit(requestOf(`form.${index}.${elsewhere[0]?.subject}`, elsewhere, amounts));
    }
    for (const one of [limits, others, limits, others].entries()) {
      const request = requestOf(`form.${index}.${one[0]}`, one[1], amounts);
      await bothDo(stores, [...limits, ...others], (store) => store.admit(request));
    }
    // The call's counters are gone and others are there when it ends: these are not touched.
    const admin = new Redis(server.url);
    await admin.del(KEYS.subject("c", subject));
    admin.disconnect();
    const store = stores[1];
    await store?.admit(requestOf(`form.${index}.new`, others, amounts));
    const before = await store?.peek(others);
    await store?.settle({
      requestId: `form.${index}.0`,
      tenantId: "acme",
      actual: { ...NO_AMOUNTS, requests: 1, total_tokens: 1, cost_micro_usd: 1 },
    });
    const after = await store?.peek(others.filter((_, at) => names[at] === "d"));
    expect(after?.states[0]?.used).toBe(before?.states[names.indexOf("d")]?.used);
  }
});

test("a cost below nothing is refused where the counters are known, and changes nothing", async () => {
  const store = new RedisAdmission(client, KEYS, () => START, scriptsUnderTest());
  await store.publish(1, ["acme"]);
  const limits = slots("t:acme:user:minus", ["x", "y"]);
  const request = requestOf("minus.0", limits, { ...NO_AMOUNTS, requests: 5, total_tokens: 5 });
  await store.admit(request);
  const before = await store.peek(limits);
  // No plan has such a cost: it would need a bug of ours.
  const plans = request.plans.map((one) => ({ ...one, checks: one.checks.map((check) => ({ ...check, cost: -5 })) }));
  await expect(store.admit({ ...request, requestId: "minus.1", plans })).rejects.toThrow("out of range");
  expect(await store.peek(limits)).toEqual(before);
});

function limitOf(count: number, index: number, algorithms: readonly AlgorithmName[]): AppliedLimit {
  const algorithm = algorithms[index % algorithms.length] ?? "token_bucket";
  const subject = `t:acme:user:u${algorithms.join("")}${count}.${index % 4}`;
  const slotId = `n${index}|${algorithm}`;
  return {
    limitId: slotId,
    layer: "user",
    dimension: algorithm === "concurrency" ? "concurrency" : "requests",
    subject,
    slotId,
    counter: `${subject}#${slotId}`,
    rule: {
      algorithm,
      capacity: 10,
      refill: 1,
      periodMs: HOUR,
      credit: index % 3 === 0 && algorithm === "token_bucket" ? 1 : 0,
      bounds:
        algorithm === "calendar_window" ? { startMs: START, endMs: START + HOUR, nextEndMs: START + 2 * HOUR } : null,
    },
    observe: false,
  };
}

function requestOf(
  requestId: string,
  limits: readonly AppliedLimit[],
  amounts: Amounts = { ...NO_AMOUNTS, requests: 5, concurrency: 1 },
): AdmitRequest {
  // The second plan names every slot, so that the first may skip some.
  const every = { ...amounts, requests: 90, total_tokens: 90, cost_micro_usd: 90 };
  const plans = [amounts, every].map((one, index) => plan({ candidate: String(index), limits, amounts: one }));
  return {
    requestId,
    tenantId: "acme",
    caller: requestId,
    plans,
    brake: null,
    policyVersion: 1,
    leaseMs: 15_000,
    intent: "",
  };
}
