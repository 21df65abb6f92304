import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Priority } from "@/lib/limits/rules/priority";
import { QUEUE_CONSTANTS } from "@/lib/scarcity/order/constants";
import type { Others } from "./fleet";
import { Place, WaitingLines } from "./waiting-lines";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const constants = { ...QUEUE_CONSTANTS, tenantCallsMax: 3 };

function make(others: Others | null = null) {
  return new WaitingLines({ constants: () => constants, elapsed: () => Date.now(), random: () => 0, others });
}

/** A call in a line, with its outcome. */
function come(
  lines: WaitingLines,
  priority: Priority,
  more: { tenantId?: string; askInMs?: number; withinMs?: number; signal?: AbortSignal } = {},
) {
  const { tenantId = "t", askInMs = 0, withinMs = constants.waitMs[priority] } = more;
  const signal = more.signal ?? new AbortController().signal;
  const when = { waitedMs: 0, withinMs, askInMs, signal };
  const place = lines.enter("line", { tenantId, priority, weight: 1, bytes: 10 }, when);
  if (!(place instanceof Place)) return { place: null, state: JSON.stringify(place) };
  const call = { place, state: "waits" };
  const turn = () =>
    void place.turn().then((how) => {
      call.state = how;
    });
  turn();
  return Object.assign(call, { turn });
}
const settled = () => vi.advanceTimersByTimeAsync(0);

test("one call asks at a time, the most urgent; when it is admitted the next one asks", async () => {
  const lines = make();
  const batch = come(lines, "batch", { askInMs: 1000 });
  const background = come(lines, "background", { askInMs: 1000, tenantId: "u" });
  const urgent = come(lines, "interactive", { askInMs: 500, tenantId: "v" });
  await vi.advanceTimersByTimeAsync(499);
  expect([batch.state, background.state, urgent.state]).toEqual(["waits", "waits", "waits"]);
  await vi.advanceTimersByTimeAsync(1);
  expect([batch.state, background.state, urgent.state]).toEqual(["waits", "waits", "turn"]);
  urgent.place?.served();
  await vi.advanceTimersByTimeAsync(500);
  expect([batch.state, background.state]).toEqual(["turn", "waits"]);
  batch.place?.served();
  await settled();
  expect([background.state, lines.size]).toEqual(["turn", 1]);
  background.place?.leave();
  expect(lines.size).toBe(0);
});

test("a denied call asks again at the announced time, and a more urgent one that comes meanwhile asks first", async () => {
  const lines = make();
  const batch = come(lines, "batch");
  await settled();
  expect(batch.state).toBe("turn");
  batch.state = "waits";
  batch.place?.denied("line", 5000);
  if ("turn" in batch) batch.turn();
  const urgent = come(lines, "interactive", { tenantId: "u" });
  await settled();
  expect([urgent.state, batch.state]).toEqual(["turn", "waits"]);
  urgent.place?.served();
  await vi.advanceTimersByTimeAsync(4999);
  expect(batch.state).toBe("waits");
  lines.roomCame();
  await settled();
  expect(batch.state).toBe("turn");
});

test("batch waits five minutes, interactive two seconds; a caller that leaves is out at once, and nobody is left behind", async () => {
  const lines = make();
  const gone = new AbortController();
  const head = come(lines, "standard", { askInMs: 1e9, withinMs: 1e9, tenantId: "head" });
  const batch = come(lines, "batch", { askInMs: 1e9 });
  const urgent = come(lines, "interactive", { askInMs: 1e9 });
  const left = come(lines, "batch", { askInMs: 1e9, signal: gone.signal });
  gone.abort();
  await settled();
  expect([left.state, lines.size]).toEqual(["client gone", 3]);
  await vi.advanceTimersByTimeAsync(2000);
  expect([urgent.state, batch.state]).toEqual(["late", "waits"]);
  await vi.advanceTimersByTimeAsync(297_999);
  expect(batch.state).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect([batch.state, head.state, lines.size]).toEqual(["late", "waits", 1]);
});

test("a call whose time is up while it asks still gets its answer; denied, it leaves the line", async () => {
  const lines = make();
  const [one, two] = [come(lines, "interactive"), come(lines, "batch", { tenantId: "u" })];
  await vi.advanceTimersByTimeAsync(3000);
  expect([one.state, two.state, lines.size]).toEqual(["turn", "waits", 2]);
  one.place?.denied("line", 100);
  if ("turn" in one) one.turn();
  await settled();
  expect([one.state, two.state, lines.size]).toEqual(["late", "turn", 1]);
});

test("a full line of a tenant refuses its next call, and a more urgent one pushes out the newest of the least urgent", async () => {
  const lines = make();
  const calls = [1, 2, 3].map(() => come(lines, "background", { askInMs: 1e6 }));
  expect(come(lines, "background").state).toBe('{"full":"tenant"}');
  const urgent = come(lines, "interactive", { askInMs: 1000 });
  await settled();
  expect(calls.map(({ state }) => state)).toEqual(["waits", "waits", "pushed out"]);
  expect(urgent.place?.told.place).toBe(1);
});

test("when the process ends no call waits on", async () => {
  const lines = make();
  const calls = [come(lines, "batch", { askInMs: 1e6 }), come(lines, "background", { askInMs: 1e6 })];
  lines.drain();
  await settled();
  expect(calls.map(({ state }) => state)).toEqual(["draining", "draining"]);
  expect([come(lines, "batch").state, lines.size]).toEqual(['{"left":"draining"}', 0]);
});

test("a process asks only when no other has a better call; without word from the others it asks", async () => {
  const answers = [[{ band: 1, cost: 0 }], new Error("away")];
  const told: (number | null)[] = [];
  const lines = make({
    processes: () => 2,
    offers: {
      exchange: async ({ own }) => {
        told.push(own?.band ?? null);
        const others = answers.shift() ?? [];
        if (others instanceof Error) throw others;
        return { others, costs: [] };
      },
    },
  });
  const call = come(lines, "batch");
  await vi.advanceTimersByTimeAsync(99);
  expect([call.state, told]).toEqual(["waits", [2]]);
  await vi.advanceTimersByTimeAsync(1);
  expect([call.state, told]).toEqual(["turn", [2, 2]]);
  // While it waits the others learn it every second. When it stops waiting they learn it at once.
  await vi.advanceTimersByTimeAsync(900);
  expect(told).toEqual([2, 2, 2]);
  call.place?.served();
  await vi.advanceTimersByTimeAsync(5000);
  expect(told).toEqual([2, 2, 2, null]);
});

test("the others learn at once of a better call that waits here", async () => {
  const told: (number | null)[] = [];
  const exchange = async ({ own }: { own: { band: number } | null }) => {
    told.push(own?.band ?? null);
    return { others: [], costs: [] };
  };
  const lines = make({ processes: () => 2, offers: { exchange } });
  come(lines, "background", { askInMs: 900 });
  come(lines, "standard", { askInMs: 900, tenantId: "u" });
  come(lines, "batch", { askInMs: 900, tenantId: "v" });
  await settled();
  expect(told).toEqual([3, 1]);
  lines.drain();
});

test("a call's cost counts against its tenant only while calls wait", async () => {
  const lines = make();
  expect(lines.charge("t", 1)).toBeNull();
  come(lines, "batch", { askInMs: 1e6 });
  const settle = lines.charge("t", 4);
  expect(lines.order.costs.of("t")).toBe(constants.guessMicroUsd / 4);
  settle?.(4000);
  expect(lines.order.costs.of("t")).toBe(1000);
});
