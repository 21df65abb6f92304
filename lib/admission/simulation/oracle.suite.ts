import { MINUTE_MS } from "@/lib/clock";
import { CAPACITY, type Call, LEASE_MS, limitsOf, type Process, SLOTS, type World } from "./world.suite";

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken: ${what}`);
}

/** The store admits nothing under a policy that an answered publication replaced, nor under an active brake. */
export function expectBraked(world: World, process: Process, call: Call): void {
  if (!call.isLocal) demand(process.version >= world.published, `${call.id} was admitted under an older policy`);
  const { brake } = process;
  if (brake === null) return;
  const now = call.isLocal ? world.now + process.clockOffsetMs : world.now;
  demand(now >= brake.expiresAtMs, `${call.id} was admitted under a brake that its process knows`);
}

/**
 * The law of reservations, with all that is known now, for every interval that ends now: for the bucket and, within its
 * length, the window. The store keeps it for all that it admitted. Without the store, each process keeps it for its own
 * calls and its share, judged by the window only: what the fallback only counts may exceed a bucket many times over.
 */
export function expectLawful(world: World, call: Call): void {
  if (call.isLocal && call.by.wentBack) return;
  const isAlone = (one: Call) => one.by === call.by && one.at > call.by.steppedAt;
  const isCounted = (one: Call) => (call.isLocal ? isAlone(one) : !one.isLocal && !one.isUncertain);
  const capacity = call.isLocal ? Math.floor(world.most / world.peers) : world.most;
  let sum = 0;
  for (let index = world.calls.length - 1; index >= 0; index--) {
    const one = world.calls[index];
    if (one === undefined || !isCounted(one)) continue;
    sum += one.isHeard || call.isLocal ? (one.used ?? one.reserved) : Math.min(one.used ?? one.reserved, one.reserved);
    const passedMs = world.now - one.at;
    if (call.isLocal && passedMs >= MINUTE_MS) return;
    const most = passedMs < MINUTE_MS ? capacity : capacity + (passedMs * capacity) / MINUTE_MS;
    demand(sum <= most + 1e-6, `${sum} of at most ${most} since ${one.id}, ${call.isLocal ? "alone" : "shared"}`);
  }
}

/**
 * A slot is held for a call that has not ended, or whose end the store could not learn within its lease: either its
 * admission's answer was lost, or its process ended it without the store and died before reporting it. A call that was
 * settled while its process stood still holds its slot again for as long as it runs.
 */
export async function expectSlotsOwned(world: World): Promise<void> {
  const isWithinLease = (at: number | null) => at !== null && at > world.now - LEASE_MS;
  const unheard = world.unheardAt.filter(isWithinLease).length;
  const isUntold = (call: Call) => call.isUncertain && !call.isHeard && isWithinLease(call.endedAt);
  const goesOn = (call: Call) => call.used !== null && isWithinLease(call.standInAt);
  const open = world.calls.filter((call) => call.used === null || isUntold(call) || goesOn(call)).length + unheard;
  const held = (await world.store.peek(limitsOf(CAPACITY))).states.find(({ check }) => check.slotId === "slots");
  demand((held?.used ?? 0) <= open, `${held?.used} slots are held, ${open} calls have not ended`);
}

/**
 * All faults end, every call ends, and the dead are taken over. Then no slot is held, no call is open, and the budget
 * is the sum of what every call used, to the unit. It may be less only for a process that died without the store.
 */
export async function expectBooksClosed(world: World, moveTo: (now: number) => void): Promise<void> {
  world.state = "there";
  for (const process of world.processes) {
    process.isPaused = false;
    process.clockOffsetMs = 0;
    world.learn(process);
  }
  const pass = async (ms: number) => {
    world.now += ms;
    moveTo(world.now);
    for (const process of world.processes) await world.heartbeat(process);
    await new Promise((resolve) => setImmediate(resolve));
  };
  // Breakers try again after a second, and after an outage no process counts as dead for one lease.
  await pass(2000);
  await pass(2000);
  for (const process of world.processes)
    for (const call of [...process.running.values()]) await world.settle(process, call, call.reserved);
  // Idle processes report what they know before they look for the dead.
  for (const process of world.processes) await world.reap(process);
  await expectSlotsOwned(world);
  for (let round = 0; round < 3; round++) {
    await pass(LEASE_MS + 1);
    for (const process of world.processes) await world.reap(process);
  }
  demand((await world.store.running("t")).length === 0, "a call is open that nobody runs");
  const { states } = await world.store.peek(limitsOf(CAPACITY));
  const used = Object.fromEntries(states.map(({ check, used: units }) => [check.slotId, units]));
  demand(used.slots === 0, `${used.slots} of ${SLOTS} slots are held by nobody`);
  const sum = (calls: readonly Call[]) => calls.reduce((total, call) => total + (call.used ?? call.reserved), 0);
  const [most, least] = [sum(world.calls), sum(world.calls.filter((call) => !call.isUncertain))];
  demand(used.budget !== undefined && used.budget <= most, `the budget says ${used.budget}, calls used ${most}`);
  demand((used.budget ?? 0) >= least, `the budget says ${used.budget}, calls used ${least} for sure`);
}
