import { expect, test } from "vitest";
import { asPublicError, type ErrorCode, PublicError } from "@/lib/errors";
import type { Priority } from "@/lib/limits/rules/priority";
import type { BodySource } from "./body-source";
import { type BoundSettings, Bounds } from "./bounds";

const SETTINGS: BoundSettings = {
  callsAtOnce: 100,
  bodyBytesMax: 4000,
  bodyBytesAtOnce: 16_000,
  bodyWaitMs: 5,
  bodyMs: 15_000,
  bodyBytesPerSecond: 1024,
  failedCallsPerMinute: 60,
};

function make(settings: Partial<BoundSettings> = {}) {
  const clock = { ms: 0 };
  const refused: string[] = [];
  const bounds = new Bounds(
    { ...SETTINGS, ...settings },
    () => clock.ms,
    (bound) => void refused.push(bound),
  );
  return { bounds, clock, refused };
}

const caller = (familyId: string, tenant = familyId) => ({
  tenant: { id: tenant },
  key: { bodyMbMax: null, familyId },
});
const never = new AbortController().signal;
const ofBytes =
  (length: number): BodySource =>
  async (take) =>
    void (await take(Buffer.alloc(length)));

async function errorOf(work: () => unknown): Promise<PublicError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return asPublicError(error) ?? new PublicError("internal", String(error));
  }
}
const codeOf = async (work: () => unknown): Promise<ErrorCode | null> => (await errorOf(work))?.code ?? null;

/** A call whose key is known. */
function arrived(bounds: Bounds, familyId: string, tenant?: string): object {
  const call = {};
  bounds.enter(call, "192.0.2.1");
  bounds.known(call, caller(familyId, tenant));
  return call;
}

test("background calls of a key fill half of the process at most, and an interactive one of that key still gets in", async () => {
  const { bounds, refused } = make();
  const come = (priority: Priority, familyId = "k") => {
    const call = {};
    bounds.enter(call, `192.0.2.${Math.floor(come.count++ / 20)}`);
    try {
      bounds.known(call, caller(familyId), priority);
      return "in";
    } catch (error) {
      bounds.leave(call);
      return asPublicError(error)?.code;
    }
  };
  come.count = 0;
  for (let index = 0; index < 80; index++) come("background");
  expect(bounds.load.calls).toBe(50);
  expect([come("background"), come("interactive"), come("standard")]).toEqual(["too_much_at_once", "in", "in"]);
  // Of many keys, each alone within its share: the class as a whole still leaves room.
  for (let index = 0; index < 80; index++) come("batch", `k${index}`);
  expect(bounds.load.calls).toBe(80);
  expect([come("batch", "new"), come("standard", "new"), come("interactive", "new")]).toEqual([
    "too_much_at_once",
    "in",
    "in",
  ]);
  expect(new Set(refused)).toEqual(new Set(["calls_of_key", "calls_of_class"]));
});

test("a call that waits elsewhere holds nothing here, and takes its slot again when it continues", async () => {
  const { bounds } = make({ callsAtOnce: 2 });
  const call = arrived(bounds, "a");
  await bounds.read(call, ofBytes(1000), 1000, never);
  const goOn = bounds.park(call);
  expect([bounds.load.calls, bounds.load.bodyBytes]).toEqual([0, 0]);
  const others = [arrived(bounds, "b"), arrived(bounds, "c")];
  goOn();
  expect([bounds.load.calls, bounds.load.bodyBytes]).toEqual([3, 1000]);
  for (const one of [call, ...others]) bounds.leave(one);
  // A call that has left takes nothing.
  const left = arrived(bounds, "d");
  const late = bounds.park(left);
  bounds.leave(left);
  late();
  expect([bounds.load.calls, bounds.load.bodyBytes]).toEqual([0, 0]);
});

test("a key's own body bound replaces the general one, and the total bound is unchanged", async () => {
  const { bounds } = make({ bodyBytesAtOnce: 8 * MB });
  const call = (bodyMbMax: number | null) => {
    const { tenant, key } = caller(`k${bodyMbMax}`);
    const one = {};
    bounds.enter(one, "192.0.2.1");
    bounds.known(one, { tenant, key: { ...key, bodyMbMax } });
    return one;
  };
  const large = call(4);
  expect((await bounds.read(large, ofBytes(4 * MB), 4 * MB, never)).byteLength).toBe(4 * MB);
  expect(bounds.load.bodyBytes).toBe(4 * MB);
  expect(await codeOf(() => bounds.read(call(5), ofBytes(5 * MB), 5 * MB, never))).toBe("overloaded");
  bounds.leave(large);
  expect(await codeOf(() => bounds.read(call(3), ofBytes(3 * MB + 1), 3 * MB + 1, never))).toBe("body_too_large");
  expect(await codeOf(() => bounds.read(call(null), ofBytes(4001), 4001, never))).toBe("body_too_large");
});
const MB = 1024 * 1024;

test("a key that takes all it can leaves capacity for every other key", async () => {
  const { bounds, refused } = make();
  let calls = 0;
  const code = await codeOf(() => {
    for (; calls < 1000; calls++) arrived(bounds, "greedy");
  });
  expect([code, calls]).toEqual(["too_much_at_once", 50]);
  expect(refused).toEqual(["calls_of_key"]);
  expect(await codeOf(() => arrived(bounds, "good"))).toBeNull();
});

test("a tenant with many keys also leaves capacity, and its other keys still get in", async () => {
  const { bounds } = make();
  let calls = 0;
  await codeOf(() => {
    for (; calls < 1000; calls++) arrived(bounds, `key ${calls % 20}`, "greedy");
  });
  expect(calls).toBe(67);
  expect(await codeOf(() => arrived(bounds, "good"))).toBeNull();
});

test("requests whose key is not known yet have a share per address", async () => {
  const { bounds } = make();
  let calls = 0;
  const code = await codeOf(() => {
    for (; calls < 1000; calls++) bounds.enter({}, "192.0.2.1");
  });
  expect([code, calls]).toEqual(["too_much_at_once", 50]);
  expect(await codeOf(() => bounds.enter({}, "192.0.2.2"))).toBeNull();
});

test("a full process answers overloaded, and a finished call frees its slot once", async () => {
  const { bounds } = make({ callsAtOnce: 1 });
  const call = arrived(bounds, "a");
  expect(await codeOf(() => arrived(bounds, "b"))).toBe("overloaded");
  bounds.leave(call);
  bounds.leave(call);
  expect(bounds.load.calls).toBe(0);
  const next = arrived(bounds, "b");
  expect(bounds.load.calls).toBe(1);
  bounds.leave(next);
});

test("a body waits for memory until others are sent, and is refused when that takes too long", async () => {
  const { bounds } = make({ bodyWaitMs: 60_000 });
  const read = (call: object) => bounds.read(call, ofBytes(4000), 4000, never);
  const first = arrived(bounds, "a");
  await read(first);
  const second = arrived(bounds, "a");
  await read(second);
  const waits = read(arrived(bounds, "a"));
  expect(bounds.load).toMatchObject({ bodyBytes: 8000, bodiesWaiting: 1 });
  await read(arrived(bounds, "b"));
  bounds.sent(first);
  await waits;
  expect(bounds.load).toMatchObject({ bodyBytes: 12_000, bodiesWaiting: 0 });
  const impatient = make({ bodyWaitMs: 5 }).bounds;
  for (let nth = 0; nth < 2; nth++) await impatient.read(arrived(impatient, "a"), ofBytes(4000), 4000, never);
  const late = arrived(impatient, "a");
  expect(await codeOf(() => impatient.read(late, ofBytes(4000), 4000, never))).toBe("too_much_at_once");
  expect(impatient.load).toMatchObject({ bodyBytes: 8000, bodiesWaiting: 0 });
});

test("a caller that leaves while it waits holds nothing", async () => {
  const { bounds } = make({ bodyWaitMs: 60_000 });
  const held = arrived(bounds, "a");
  await bounds.read(held, ofBytes(4000), 4000, never);
  await bounds.read(arrived(bounds, "a"), ofBytes(4000), 4000, never);
  const gone = new AbortController();
  const call = arrived(bounds, "a");
  const waits = codeOf(() => bounds.read(call, ofBytes(4000), 4000, gone.signal));
  gone.abort();
  expect(await waits).toBe("too_much_at_once");
  bounds.leave(call);
  bounds.leave(held);
  expect(bounds.load).toMatchObject({ bodyBytes: 4000, bodiesWaiting: 0, calls: 1 });
});

test("a false length is detected by counting", async () => {
  const { bounds } = make();
  expect(await codeOf(() => bounds.read(arrived(bounds, "a"), ofBytes(4001), 10, never))).toBe("body_too_large");
  expect(await codeOf(() => bounds.read(arrived(bounds, "a"), ofBytes(4001), null, never))).toBe("body_too_large");
  const unread: BodySource = () => Promise.reject(new Error("it was read"));
  expect(await codeOf(() => bounds.read(arrived(bounds, "a"), unread, 4001, never))).toBe("body_too_large");
});

test("a body that stops arriving is ended, and its slot is free", async () => {
  const { bounds, clock } = make();
  const call = arrived(bounds, "a");
  const halfSent: BodySource = (take, halt) =>
    new Promise((_resolve, reject) => {
      void take(Buffer.alloc(100));
      halt.whenEnded(reject);
      clock.ms = 3000;
    });
  const code = await codeOf(() => bounds.read(call, halfSent, 4000, never));
  bounds.failed(call, code);
  expect([code, bounds.load.calls, bounds.load.bodyBytes]).toEqual(["request_timeout", 0, 0]);
});

test("faulty calls use up a key's allowance, and the announced wait is exact", async () => {
  const { bounds, clock } = make();
  const fail = () => bounds.failed(arrived(bounds, "a"), "invalid_json");
  for (let nth = 0; nth < 60; nth++) fail();
  const error = await errorOf(() => arrived(bounds, "a"));
  expect([error?.code, error?.retryAfterSeconds]).toEqual(["too_many_failed_calls", 1]);
  expect(await codeOf(() => arrived(bounds, "b"))).toBeNull();
  clock.ms += 999;
  expect(await codeOf(() => arrived(bounds, "a"))).toBe("too_many_failed_calls");
  clock.ms += 1;
  expect(await codeOf(() => arrived(bounds, "a"))).toBeNull();
});

test("a large faulty body costs more than a small one, and a limit's refusal costs nothing here", async () => {
  const { bounds } = make({ bodyBytesMax: 4_000_000, bodyBytesAtOnce: 16_000_000 });
  const call = arrived(bounds, "a");
  await bounds.read(call, ofBytes(4_000_000), 4_000_000, never);
  bounds.failed(call, "json_too_deep");
  const error = await errorOf(() => arrived(bounds, "a"));
  expect([error?.code, error?.retryAfterSeconds]).toEqual(["too_many_failed_calls", 4]);
  for (let nth = 0; nth < 100; nth++) bounds.failed(arrived(bounds, "b"), "rate_limit_exceeded");
  expect(await codeOf(() => arrived(bounds, "b"))).toBeNull();
});

test("of large bodies that arrived together, those behind too many faulty ones are refused without being parsed", async () => {
  const { bounds, clock, refused } = make({ bodyBytesMax: 4_000_000, bodyBytesAtOnce: 64_000_000 });
  const calls = await Promise.all(
    ["a", "a", "b"].map(async (key) => {
      const call = arrived(bounds, key);
      await bounds.read(call, ofBytes(4_000_000), 4_000_000, never);
      return call;
    }),
  );
  const parsed: number[] = [];
  const work = (nth: number) =>
    codeOf(() =>
      bounds.work(
        calls[nth] ?? {},
        (function* () {
          yield;
          parsed.push(nth);
        })(),
      ),
    );
  bounds.failed(calls[0] ?? {}, "json_too_deep");
  expect([await work(1), await work(2)]).toEqual(["too_many_failed_calls", null]);
  expect([parsed, refused]).toEqual([[2], ["failed_calls"]]);
  clock.ms += 60_000;
  expect(await work(1)).toBeNull();
});

test("pipelined requests that are cut count against the key of the call before them, while it is here", async () => {
  const { bounds } = make();
  const [call, left] = [arrived(bounds, "a"), arrived(bounds, "b")];
  bounds.leave(left);
  for (const one of [call, left]) bounds.charge(one, 60);
  expect(await codeOf(() => arrived(bounds, "a"))).toBe("too_many_failed_calls");
  expect(await codeOf(() => arrived(bounds, "b"))).toBeNull();
});

test("a credential reads 1,200 times a minute, and others meanwhile", () => {
  const { bounds, clock } = make();
  for (let read = 0; read < 1200; read++) bounds.countRead("one");
  const refused = expect.objectContaining({ code: "too_many_attempts", retryAfterSeconds: 1 });
  expect(() => bounds.countRead("one")).toThrow(refused);
  expect(() => bounds.countRead("other")).not.toThrow();
  clock.ms += 50;
  expect(() => bounds.countRead("one")).not.toThrow();
  expect(() => bounds.countRead("one")).toThrow(refused);
});
