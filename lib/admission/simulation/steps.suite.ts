import type { Seeded } from "@/lib/fuzz/seeded.suite";
import { expectBooksClosed, expectBraked, expectLawful } from "./oracle.suite";
import { type Call, LEASE_MS, type Process, type StoreState, World } from "./world.suite";

const PEERS = 3;
const HEARTBEAT_MS = LEASE_MS / 3;
const SKEW_MAX_MS = 3_600_000;

type Step = (world: World, chance: Seeded) => Promise<string>;

/** What may happen next, and how often of a hundred steps. Faults are rare enough that the fleet recovers between them. */
const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [38, admit],
  [26, settle],
  [18, advance],
  [4, learn],
  [3, edit],
  [2, brake],
  [3, reap],
  [2, storeFails],
  [2.5, storeReturns],
  [0.6, die],
  [0.5, pause],
  [2, resume],
  [0.4, stepClock],
];
const WEIGHTS = STEPS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * Plays one seed to its end and checks every invariant on the way; throws with what was broken. `moveTo` sets the time for
 * everything that reads the machine's clock. Returns the history, one line per step.
 */
export async function playSeed(chance: Seeded, steps: number, moveTo: (now: number) => void): Promise<string[]> {
  const world = new World(PEERS);
  moveTo(world.now);
  await world.store.publish(1, []);
  const history: string[] = [];
  for (let step = 0; step < steps; step++) {
    const before = world.now;
    const line = await chosen(chance)(world, chance);
    moveTo(world.now);
    if (world.now !== before) await beats(world, before);
    // Background work behind an answer, such as catching up, ends before the next step.
    await new Promise((resolve) => setImmediate(resolve));
    history.push(`${world.now} ${line}`);
  }
  await expectBooksClosed(world, moveTo);
  return history;
}

function chosen(chance: Seeded): Step {
  let left = chance.fraction() * WEIGHTS;
  for (const [weight, step] of STEPS) {
    left -= weight;
    if (left < 0) return step;
  }
  return advance;
}

function some(world: World, chance: Seeded): Process {
  return chance.pick(world.processes);
}

async function admit(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  if (process.isPaused) return "paused";
  const reserved = 1 + chance.below(chance.isLikely(0.1) ? 600 : 60);
  const { reply, call } = await world.admit(process, reserved);
  if (reply !== "unavailable" && reply.kind === "stale") world.learn(process);
  if (call !== null) {
    expectBraked(world, process, call);
    expectLawful(world, call);
  }
  return `${process.number} asks for ${reserved}: ${reply === "unavailable" ? reply : reply.kind}`;
}

async function settle(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  const running: Call[] = [...process.running.values()];
  if (running.length === 0 || process.isPaused) return "nothing to settle";
  const call = chance.pick(running);
  const share = chance.isLikely(0.1) ? 1 + chance.fraction() : chance.fraction();
  const used = Math.floor(call.reserved * share);
  await world.settle(process, call, used);
  return `${process.number} settles ${call.id} at ${used}`;
}

async function advance(world: World, chance: Seeded): Promise<string> {
  const ms = chance.isLikely(0.03) ? chance.below(90_000) : chance.below(2500);
  world.now += ms;
  return `${ms} ms pass`;
}

async function learn(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  world.learn(process);
  return `${process.number} knows version ${process.version}`;
}

async function edit(world: World, chance: Seeded): Promise<string> {
  const capacity = chance.isLikely(0.1) ? chance.pick([800, 1200, 1600]) : world.policy.capacity;
  await world.publish({ ...world.policy, version: world.policy.version + 1, capacity });
  return `capacity ${capacity}`;
}

async function brake(world: World, chance: Seeded): Promise<string> {
  const isOn = world.policy.brake === null || chance.isLikely(0.5);
  const expiresAtMs = world.now + 1000 + chance.below(30_000);
  const next = isOn ? { id: `b${world.policy.version}`, expiresAtMs } : null;
  await world.publish({ ...world.policy, version: world.policy.version + 1, brake: next });
  return isOn ? `brake until ${expiresAtMs}` : "brake lifted";
}

async function reap(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  if (!process.isPaused) await world.reap(process);
  return `${process.number} reaps`;
}

async function storeFails(world: World, chance: Seeded): Promise<string> {
  world.state = chance.pick<StoreState>(["away", "answers lost"]);
  return `store: ${world.state}`;
}

async function storeReturns(world: World): Promise<string> {
  world.state = "there";
  return "store: there";
}

async function die(world: World, chance: Seeded): Promise<string> {
  const { number } = some(world, chance);
  world.replace(number);
  return `${number} dies, and another takes its place`;
}

async function pause(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  process.isPaused = true;
  return `${process.number} is stopped`;
}

async function resume(world: World): Promise<string> {
  for (const process of world.processes) process.isPaused = false;
  return "all run";
}

async function stepClock(world: World, chance: Seeded): Promise<string> {
  const process = some(world, chance);
  const offsetMs = Math.floor((chance.fraction() * 2 - 1) * SKEW_MAX_MS);
  process.wentBack ||= offsetMs < process.clockOffsetMs;
  process.clockOffsetMs = offsetMs;
  process.steppedAt = world.now;
  return `${process.number} is off by ${process.clockOffsetMs} ms`;
}

/** Heartbeats that fell due while time passed; a few at most, as a process that slept sends it once. */
async function beats(world: World, before: number): Promise<void> {
  if (Math.floor(world.now / HEARTBEAT_MS) === Math.floor(before / HEARTBEAT_MS)) return;
  for (const process of world.processes) if (!process.isPaused) await world.heartbeat(process);
}
