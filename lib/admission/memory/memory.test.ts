import { expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { modelsSuite } from "../suites/models.suite";
import { toldSuite } from "../suites/told.suite";
import { MemoryAdmission } from "./memory";

admissionSuite("in-process", async (clock) => new MemoryAdmission(clock));
toldSuite("in-process", async (clock) => new MemoryAdmission(clock));
lawSuite("in-process", async (clock) => new MemoryAdmission(clock), 400);
modelsSuite("in-process", async (clock) => new MemoryAdmission(clock), 250);

const LIMIT: AppliedLimit = {
  limitId: "l",
  layer: "tenant",
  dimension: "total_tokens",
  subject: "s",
  slotId: "x",
  counter: "s#x",
  rule: { algorithm: "fixed_window", capacity: 100, refill: 100, periodMs: 3_600_000, credit: 0, bounds: null },
  observe: false,
};
const REST = { tenantId: "t", caller: "c", brake: null, policyVersion: 1, intent: "" };

test("a restart from a dump refills nothing, and its open calls can be settled once", async () => {
  const clock = { now: () => 1_795_000_000_000 };
  const first = new MemoryAdmission(clock);
  const plans = [plan({ candidate: "c", limits: [LIMIT], amounts: { ...NO_AMOUNTS, total_tokens: 60 } })];
  await first.admit({ requestId: "r", plans, ...REST, leaseMs: 1000 });

  const second = new MemoryAdmission(clock);
  second.restore(JSON.parse(JSON.stringify(first.dump())));
  expect((await second.peek([LIMIT])).states[0]?.used).toBe(60);
  expect((await second.admit({ requestId: "r", plans, ...REST, leaseMs: 1000 })).kind).toBe("finished");
  expect(await second.settle({ tenantId: "t", requestId: "r", actual: { ...NO_AMOUNTS, total_tokens: 10 } })).toBe(
    "settled",
  );
  expect(await second.settle({ tenantId: "t", requestId: "r", actual: { ...NO_AMOUNTS, total_tokens: 10 } })).toBe(
    "repeat",
  );
  expect((await second.peek([LIMIT])).states[0]?.used).toBe(10);
});

test("idle counters are forgotten as calls pass by", async () => {
  const clock = { at: 1_795_000_000_000 };
  const store = new MemoryAdmission({ now: () => clock.at });
  const callAs = (subject: string) =>
    store.admit({
      requestId: `${subject}-${clock.at}`,
      plans: [
        plan({
          candidate: "c",
          limits: [{ ...LIMIT, subject, counter: subject }],
          amounts: { ...NO_AMOUNTS, total_tokens: 1 },
        }),
      ],
      ...REST,
      leaseMs: 1000,
    });
  for (let user = 0; user < 200; user++) await callAs(`user-${user}`);
  expect(store.dump().counters).toHaveLength(200);
  clock.at += 3 * 3_600_000;
  for (let call = 0; call < 200; call++) await callAs("one");
  expect(store.dump().counters.length).toBeLessThan(5);
});

test("a bucket with credit keeps its debt for as long as it takes, and its credit for as long as a month's wait", async () => {
  const clock = { at: 1_795_000_000_000 };
  const store = new MemoryAdmission({ now: () => clock.at });
  const slow = { ...LIMIT.rule, algorithm: "token_bucket", refill: 1, periodMs: DAY_MS, credit: 20 } as const;
  const limits = [{ ...LIMIT, rule: slow }];
  const ask = (requestId: string, cost: number) =>
    store.admit({
      ...REST,
      requestId,
      leaseMs: 1000,
      plans: [plan({ candidate: "c", limits, amounts: { ...NO_AMOUNTS, total_tokens: cost } })],
    });
  expect(await ask("all", 100)).toMatchObject({ kind: "admit" });

  clock.at += 40 * DAY_MS;
  expect(await ask("too early", 41)).toMatchObject({ kind: "deny", retryAfterMs: DAY_MS });
  expect(await ask("as much as came back", 40)).toMatchObject({ kind: "admit" });

  clock.at += (100 + 31) * DAY_MS;
  expect(await ask("look", 1)).toMatchObject({ kind: "admit", states: [{ used: 0, credit: 20 }] });
  // A counter is forgotten for everybody at the same moment, swept or not.
  clock.at += 63 * DAY_MS;
  expect((await store.peek(limits)).states[0]?.credit).toBe(0);
});

test("idle counters are forgotten as fast as calls make new ones, also while some calls never end", async () => {
  const clock = { at: 1_795_000_000_000 };
  const store = new MemoryAdmission({ now: () => clock.at });
  const rule = { ...LIMIT.rule, algorithm: "token_bucket", periodMs: 1000 } as const;
  const call = (requestId: string, user: number) => {
    const limits = ["a", "b", "c", "d", "e"].map((name) => ({ ...LIMIT, rule, counter: `${user}#${name}` }));
    const amounts = { ...NO_AMOUNTS, total_tokens: 1 };
    return store.admit({ ...REST, requestId, leaseMs: 1000, plans: [plan({ candidate: "c", limits, amounts })] });
  };
  for (let endless = 0; endless < 8; endless++) await call(`endless-${endless}`, 0);
  let most = 0;
  for (let user = 1; user <= 20_000; user++) {
    clock.at += 10;
    await call(`r${user}`, user);
    await store.settle({ tenantId: "t", requestId: `r${user}`, actual: { ...NO_AMOUNTS, total_tokens: 1 } });
    if (user % 1000 === 0) most = Math.max(most, store.dump().counters.length);
  }
  // A counter is needed for a second or two: these are the counters of some two hundred calls.
  expect(most).toBeLessThan(5000);
});
