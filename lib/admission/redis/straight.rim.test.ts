import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_AMOUNTS } from "@/lib/limits/dimensions";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import type { AlgorithmName } from "@/lib/limits/rule";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import type { Admission, AdmitRequest } from "../admission";
import { MemoryAdmission } from "../memory";
import { RedisAdmission } from "./redis";

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
    const stores: Admission[] = [new MemoryAdmission({ now: () => at }), new RedisAdmission(client, () => at)];
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
      ...{ algorithm, capacity: 10, refill: 1, periodMs: HOUR },
      credit: index % 3 === 0 && algorithm === "token_bucket" ? 1 : 0,
      bounds:
        algorithm === "calendar_window" ? { startMs: START, endMs: START + HOUR, nextEndMs: START + 2 * HOUR } : null,
    },
    observe: false,
  };
}

function requestOf(requestId: string, limits: readonly AppliedLimit[]): AdmitRequest {
  const plans = [plan({ candidate: "c", limits, amounts: { ...NO_AMOUNTS, requests: 5, concurrency: 1 } })];
  return {
    ...{ requestId, tenantId: "acme", caller: requestId, plans, brake: null },
    ...{ policyVersion: 1, leaseMs: 15_000, intent: "" },
  };
}
