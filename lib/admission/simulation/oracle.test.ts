import { expect, test, vi } from "vitest";
import { expectBooksClosed, expectSlotsOwned } from "./oracle.suite";
import { LEASE_MS, type Process, World } from "./world.suite";

/** One process with one running call of 10 units, and the store. */
async function begun() {
  const world = new World(3);
  vi.useFakeTimers({ toFake: ["Date"], now: world.now });
  await world.store.publish(1, []);
  const process = world.processes[1];
  if (process === undefined) throw new Error("a world has three processes");
  const { call } = await world.admit(process, 10);
  if (call === null) throw new Error("an empty store admits");
  return { world, process, call };
}

/** Stops its running call: the store gets no end. */
async function endUnheard(world: World, process: Process): Promise<void> {
  world.state = "away";
  for (const call of [...process.running.values()]) await world.settle(process, call, 4);
  world.replace(process.number);
  world.state = "there";
}

test("a call that ended without the store, of a process that died then, may hold its slot for its lease and no longer", async () => {
  const { world, process } = await begun();
  await endUnheard(world, process);
  await expectSlotsOwned(world);
  expect(world.store.dump().reservations).toHaveLength(1);
  await expectBooksClosed(world, (now) => void vi.setSystemTime(now));
  expect(world.store.dump().reservations).toHaveLength(0);
});

test("a slot held for a call whose end the store knows is a breach", async () => {
  const { world, process, call } = await begun();
  await world.settle(process, call, 4);
  await expectSlotsOwned(world);
  await world.store.admit({
    requestId: "nobody's",
    tenantId: "t",
    caller: "nobody",
    intent: "",
    leaseMs: LEASE_MS,
    plans: [world.planOf(process, 1)],
    brake: null,
    policyVersion: 1,
  });
  await expect(expectSlotsOwned(world)).rejects.toThrow("1 slots are held, 0 calls have not ended");
});
