import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HOUR_MS } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { plan } from "@/lib/limits/plan";
import { MemoryAdmission } from "../memory/memory";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { admitted, breakable, budget, caughtUp, limit, ONE, REST, START, setUp, under } from "./net.suite";

admissionSuite("with the net under it, store there", async (clock) => under(clock, new MemoryAdmission(clock), 1));
lawSuite("with the net under it, store there", async (clock) => under(clock, new MemoryAdmission(clock), 1), 60);

describe("the store is unavailable", () => {
  test("a closed limit refuses; nothing was taken", async () => {
    const { state, first, admit, store } = setUp(1);
    state.is = "away";
    const limits = [limit({ failureMode: "local" }), limit({ failureMode: "closed", dimension: "total_tokens" })];
    await expect(admit(first, limits)).rejects.toThrow(StoreUnavailable);
    state.is = "there";
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([0, 0]);
  });

  test.each([
    ["local", 1, 60],
    ["local", 3, 60],
    ["local", 7, 56],
    ["open", 3, 180],
  ] as const)("%s: %i processes together admit %i of a limit of 60", async (failureMode, peers, most) => {
    const { state, fleet, admit } = setUp(peers);
    state.is = "away";
    const calls = fleet.flatMap((one) => Array.from({ length: 200 }, () => () => admit(one, [limit({ failureMode })])));
    expect(await admitted(calls)).toBe(most);
  });

  test("what a process had admitted before counts against its share: the net is warm", async () => {
    const { state, first, admit } = setUp(2);
    for (let call = 0; call < 25; call++) await admit(first, [limit({})]);
    state.is = "away";
    expect(await admitted(Array.from({ length: 30 }, () => () => admit(first, [limit({})])))).toBe(5);
  });

  test("a budget allows two hundredths of itself, and never more than was left", async () => {
    const { state, first, admit } = setUp(1);
    const spend = budget(1_000_000);
    for (let call = 0; call < 3; call++) await admit(first, [spend], { ...ONE, cost_micro_usd: 10_000 });
    state.is = "away";
    const try100 = () => Array.from({ length: 100 }, () => () => admit(first, [spend]));
    expect(await admitted(try100())).toBe(20);
    const nearlyOut = setUp(1);
    await nearlyOut.admit(nearlyOut.first, [spend], { ...ONE, cost_micro_usd: 990_000 });
    await nearlyOut.admit(nearlyOut.first, [spend], { ...ONE, cost_micro_usd: 4_000 });
    nearlyOut.state.is = "away";
    // The store's last answer came before the second call: 10,000 were left.
    const calls = Array.from({ length: 100 }, () => () => nearlyOut.admit(nearlyOut.first, [spend]));
    expect(await admitted(calls)).toBe(10);
  });

  test("a brake holds, also over a closed limit", async () => {
    const { state, first } = setUp(1);
    state.is = "away";
    const plans = [plan({ candidate: "c", limits: [limit({ failureMode: "closed" })], amounts: ONE })];
    const brake = { id: "b", expiresAtMs: null };
    expect(await first.admit({ ...REST, requestId: "r", plans, brake })).toMatchObject({ kind: "braked" });
  });

  test("the quota shows the share that is enforced", async () => {
    const { state, first, admit } = setUp(2);
    state.is = "away";
    for (let call = 0; call < 5; call++) await admit(first, [limit({})]);
    const { states } = await first.peek([limit({})]);
    expect(states[0]).toMatchObject({ used: 5, remaining: 25 });
  });
});

describe("the store is available again", () => {
  test("it receives every call once: ended ones as used, running ones as reserved", async () => {
    const { state, store, first, admit } = setUp(1);
    const limits = [limit({}), limit({ dimension: "total_tokens" }, 1000), budget(1_000_000)];
    await admit(first, limits, ONE, "before");
    state.is = "away";
    await admit(first, limits, ONE, "ended");
    await admit(first, limits, ONE, "runs");
    await first.settle({ tenantId: "t", requestId: "ended", actual: { ...ONE, total_tokens: 4, cost_micro_usd: 400 } });
    await first.settle({ tenantId: "t", requestId: "before", actual: ONE });
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([1, 10, 1000]);
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([3, 24, 2400]);
    expect(await first.heartbeat({ tenantId: "t", requestId: "runs", leaseMs: 1000, note: "" })).toBe("held");
    await first.settle({ tenantId: "t", requestId: "runs", actual: { ...ONE, total_tokens: 1, cost_micro_usd: 100 } });
    expect((await store.peek(limits)).states.map((one) => one.used)).toEqual([3, 15, 1500]);
  });

  test("a call whose admission was lost on its way back is charged once", async () => {
    const { state, store, first, admit } = setUp(1);
    state.is = "answers lost";
    expect(await admit(first, [limit({})], ONE, "ghost")).toMatchObject({ kind: "admit", isLocal: true });
    state.is = "there";
    await caughtUp(first);
    await first.settle({ tenantId: "t", requestId: "ghost", actual: ONE });
    expect((await store.peek([limit({})])).states[0]?.used).toBe(1);
  });

  test("a call that was admitted without our knowledge and then refused here is given back", async () => {
    const { state, store, first, admit } = setUp(60);
    await admit(first, [limit({})], ONE, "fills the share");
    state.is = "answers lost";
    expect(await admit(first, [limit({})], ONE, "ghost")).toMatchObject({ kind: "deny", isLocal: true });
    expect((await store.peek([limit({})])).states[0]?.used).toBe(2);
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek([limit({})])).states[0]?.used).toBe(1);
  });

  test("use that has been refilled since is not charged", async () => {
    const { time, state, store, first, admit } = setUp(1);
    state.is = "away";
    for (let call = 0; call < 50; call++) {
      await admit(first, [limit({})], ONE, `early${call}`);
      await first.settle({ tenantId: "t", requestId: `early${call}`, actual: ONE });
    }
    time.at += 600_000;
    state.is = "there";
    await caughtUp(first);
    expect((await store.peek([limit({})])).states[0]?.used).toBe(0);
  });

  test("a store that was emptied receives the running calls; one that settled them ends them", async () => {
    const time = { at: START };
    const clock = { now: () => time.at };
    const stores = [new MemoryAdmission(clock), new MemoryAdmission(clock)] as const;
    let [current] = [0];
    const switching = new Proxy(stores[0], {
      get: (_target, name) => {
        const store = stores[current] ?? stores[0];
        const method: unknown = Reflect.get(store, name);
        return typeof method === "function" ? method.bind(store) : method;
      },
    });
    const net = under(clock, switching, 1);
    const plans = [plan({ candidate: "c", limits: [limit({})], amounts: ONE })];
    await net.admit({ ...REST, requestId: "r", plans });
    current = 1;
    const beat = () => net.heartbeat({ tenantId: "t", requestId: "r", leaseMs: 15_000, note: "" });
    expect(await beat()).toBe("held");
    expect((await stores[1].peek([limit({})])).states[0]?.used).toBe(1);
    await stores[1].settle({ tenantId: "t", requestId: "r", actual: ONE });
    expect(await beat()).toBe("gone");
  });

  test("a process that was idle since reports what its calls used before it takes them for dead", async () => {
    const { time, state, store, first, admit } = setUp(1);
    const limits = [limit({ dimension: "total_tokens" }, 1000)];
    state.is = "answers lost";
    await admit(first, limits, ONE, "r");
    await first.settle({ tenantId: "t", requestId: "r", actual: { ...ONE, total_tokens: 7 } });
    state.is = "there";
    time.at += 20_000;
    expect(await first.reap({ tenantIds: ["t"], leaseMs: 15_000 })).toEqual([]);
    expect(await store.running("t")).toEqual([]);
    expect(await store.settle({ tenantId: "t", requestId: "r", actual: ONE })).toBe("repeat");
  });

  test("no process is taken for dead before it had one lease of time to send a heartbeat", async () => {
    const { time, state, first, admit } = setUp(1);
    await admit(first, [limit({})], ONE, "r");
    time.at += 20_000;
    state.is = "away";
    await expect(first.publish(1, ["t"])).rejects.toThrow(StoreUnavailable);
    state.is = "there";
    const reap = () => first.reap({ tenantIds: ["t"], leaseMs: 15_000 });
    expect(await reap()).toEqual([]);
    time.at += 15_000;
    expect((await reap()).map((orphan) => orphan.requestId)).toEqual(["r"]);
  });

  test.each([-HOUR_MS, HOUR_MS])("a clock that is set by %i ms meanwhile changes no wait", async (stepMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    onTestFinished(() => void vi.useRealTimers());
    const time = { at: START };
    const state: Parameters<typeof breakable>[1] = { is: "there" };
    const store = new MemoryAdmission({ now: () => time.at });
    const wall = { now: () => Date.now() };
    const net = under(wall, breakable(store, state), 1, { elapsed: () => time.at, openMs: 1000 });
    const pass = (ms: number) => {
      time.at += ms;
      vi.setSystemTime(Date.now() + ms);
    };
    const ask = (requestId: string) =>
      net.admit({ ...REST, requestId, plans: [plan({ candidate: "c", limits: [limit({})], amounts: ONE })] });
    await ask("r");
    pass(20_000);
    state.is = "away";
    // Refused connections: five in a row are enough.
    for (let call = 0; call < 5; call++) await ask(`away${call}`);
    state.is = "there";
    vi.setSystemTime(Date.now() + stepMs);
    expect(await ask("too early")).toMatchObject({ isLocal: true });
    pass(1000);
    expect(await ask("in time")).not.toHaveProperty("isLocal");
    await caughtUp(net);
    const reap = () => net.reap({ tenantIds: ["t"], leaseMs: 15_000 });
    expect(await reap()).toEqual([]);
    pass(15_000);
    expect((await reap()).map((orphan) => orphan.requestId)).toContain("r");
  });
});
