import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { plan } from "@/lib/limits/plan";
import { type Past, replay } from "@/lib/limits/replay/replay";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { appliedLimits, compilePolicy } from "@/lib/policy/compile";
import { limitRow } from "@/lib/policy/rows/limit-row";

/**
 * Replays a million calls of one day under a tier's draft of six limits, and sends the same calls through the
 * in-process store, one admission and one settlement each. Shows what the review of a draft costs, and what it saves.
 */
const CALLS = Number(process.env.CALLS ?? 1_000_000);
const DAY_MS = 86_400_000;
const START = 1_795_000_000_000;
const USERS = 500;

const draft = [
  {
    name: "requests",
    layer: "tenant",
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 900,
    windowSeconds: 60,
  },
  {
    name: "tokens",
    layer: "tenant",
    dimension: "total_tokens",
    algorithm: "token_bucket",
    capacity: 2_000_000,
    windowSeconds: 60,
  },
  {
    name: "money",
    layer: "tenant",
    dimension: "cost_micro_usd",
    algorithm: "calendar_window",
    capacity: 900_000_000,
    calendarPeriod: "day",
  },
  { name: "at-once", layer: "tenant", dimension: "concurrency", algorithm: "concurrency", capacity: 60 },
  {
    name: "user-requests",
    layer: "user",
    dimension: "requests",
    algorithm: "sliding_window",
    capacity: 3,
    windowSeconds: 60,
  },
  {
    name: "key-tokens",
    layer: "key",
    dimension: "total_tokens",
    algorithm: "fixed_window",
    capacity: 30_000_000,
    windowSeconds: 3600,
  },
].map((row) => ({ id: row.name, ...limitRow.parse(row) }));
const compiled = compilePolicy(
  {
    version: 1,
    tenant: { id: "t", slug: "t", timeZone: "Europe/Berlin" },
    tier: { slug: "tier" },
    keyFamilyId: "k",
    everyone: [],
    ofKey: [],
    overrides: [],
    budgets: [],
    ofTier: draft,
  },
  START,
);
if (compiled.kind === "faults") throw new Error(compiled.faults.join("; "));
const { policy } = compiled;

const amounts = (input: number, output: number): Amounts => ({
  ...NO_AMOUNTS,
  requests: 1,
  input_tokens: input,
  output_tokens: output,
  total_tokens: input + output,
  cost_micro_usd: input + 4 * output,
  concurrency: 1,
});
const beganAt = (index: number) => START + Math.floor((index * DAY_MS) / CALLS);
const endedAt = (index: number) => beganAt(index) + 500 + ((index * 7919) % 6000);
/** Limits are the same for all calls of a key and user within a day. */
const known = new Map<number, ReturnType<typeof appliedLimits>>();
const limitsOf = (index: number) => {
  const [key, user] = [index % 3, (index * 31) % USERS];
  const id = user * 3 + key;
  const before = known.get(id);
  if (before !== undefined) return before;
  const facts = {
    tenantId: "t",
    tierId: "tier",
    keyFamilyId: `k${key}`,
    userDigest: `u${user}`,
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: "a",
    endpoint: "chat",
    modelId: "m",
    providerId: "p",
  };
  const limits = appliedLimits(policy, facts, { model: "m", provider: "p", priority: "standard" }, beganAt(index));
  known.set(id, limits);
  return limits;
};
const reservedBy = (index: number) => amounts(300 + ((index * 13) % 900), 500);
const usedBy = (index: number) => amounts(300 + ((index * 13) % 900), (index * 17) % 500);

let refused = 0;
const began = performance.now();
const past: Past = { count: CALLS, beganAt, endedAt, limitsOf, reservedBy, usedBy };
replay(past, () => {
  refused += 1;
});
const replayMs = performance.now() - began;

const clock = { at: START };
const store = new MemoryAdmission({ now: () => clock.at });
const ends: { at: number; index: number }[] = [];
let denied = 0;
const storeBegan = performance.now();
const COMPARED = Math.min(CALLS, 200_000);
for (let index = 0; index < COMPARED; index++) {
  const now = beganAt(index);
  while (ends.length > 0 && (ends[0]?.at ?? 0) <= now) {
    const end = ends.shift();
    if (end === undefined) break;
    clock.at = end.at;
    await store.settle({ tenantId: "t", requestId: String(end.index), actual: usedBy(end.index) });
  }
  clock.at = now;
  const rest = { tenantId: "t", caller: String(index), brake: null, policyVersion: 1, leaseMs: DAY_MS, intent: "" };
  const reply = await store.admit({
    requestId: String(index),
    plans: [plan({ candidate: "m", limits: limitsOf(index), amounts: reservedBy(index) })],
    ...rest,
  });
  if (reply.kind !== "admit") denied += 1;
  else {
    let at = ends.length;
    const end = { at: endedAt(index), index };
    while (at > 0 && (ends[at - 1]?.at ?? 0) > end.at) at -= 1;
    ends.splice(at, 0, end);
  }
}
const storeMs = ((performance.now() - storeBegan) * CALLS) / COMPARED;

console.table([
  {
    way: "replay",
    calls: CALLS,
    seconds: (replayMs / 1000).toFixed(2),
    "× the store": (replayMs / storeMs).toFixed(2),
    refused,
  },
  {
    way: "the in-process store",
    calls: COMPARED,
    seconds: `${(storeMs / 1000).toFixed(2)} for as many`,
    "× the store": "1.00",
    refused: denied,
  },
]);
if (process.argv.includes("--json")) {
  console.log(
    JSON.stringify({
      calls: CALLS,
      replaySeconds: Math.round(replayMs) / 1000,
      replayToStore: Math.round((replayMs / storeMs) * 1000) / 1000,
    }),
  );
}
process.exit(0);
