import pino from "pino";
import { describe, expect, test } from "vitest";
import type { TroubleEvent } from "@/lib/providers/trouble/trouble";
import { type KeptPlace, type PlaceStore, Places } from "./places";

const T = 1_000_000;
const place = { providerId: "p", credentialId: "c", upstreamName: "m", reopenedAtMs: 0 };

/** A database that all processes of a test share. */
function sharedStore(): PlaceStore & { rows: Map<string, KeptPlace>; isAway: boolean } {
  const rows = new Map<string, KeptPlace>();
  let serial = 0;
  return {
    rows,
    isAway: false,
    async since(moment) {
      if (this.isAway) throw new Error("away");
      return [...rows.values()].filter((row) => row.changedAt > moment);
    },
    async write({ revision, ...rest }) {
      if (this.isAway) throw new Error("away");
      const found = rows.get(rest.id);
      if ((found?.revision ?? 0) !== revision && found !== undefined) return found;
      serial += 1;
      rows.set(rest.id, { ...rest, revision: revision + 1, changedAt: new Date(T + serial) });
      return null;
    },
  };
}

function fleet(size: number) {
  const store = sharedStore();
  const clock = { at: T, now: () => clock.at };
  const log = pino({ level: "silent" });
  return { store, clock, processes: Array.from({ length: size }, () => new Places({ store, clock, log })), log };
}

const limited = (atMs: number, waitMs: number | null, kind: "limited" | "failing" = "limited"): TroubleEvent => {
  return { kind, atMs, sentAtMs: atMs, waitMs, detail: "429", roll: 0 };
};

async function all(processes: readonly Places[]): Promise<void> {
  for (const one of processes) await one.round();
}

describe("what the fleet knows of a place", () => {
  test("a cool-down of one process is one of all, and survives a restart", async () => {
    const { store, clock, processes, log } = fleet(2);
    const [a, b] = processes;
    a?.note("model", place, limited(T, 60_000));
    expect(a?.door(place).kind).toBe("closed");
    await all(processes);
    expect(b?.door(place)).toEqual({ kind: "closed", opensAtMs: T + 60_000, why: "limited" });
    const restarted = new Places({ store, clock, log });
    await restarted.round();
    expect(restarted.door(place)).toMatchObject({ opensAtMs: T + 60_000 });
    expect(restarted.door({ ...place, upstreamName: "other" }).kind).toBe("open");
  });

  test("cool-downs of two processes at once: the longer one holds, in any order of writing", async () => {
    const { processes } = fleet(2);
    processes[0]?.note("model", place, limited(T, 60_000));
    processes[1]?.note("model", place, limited(T, 5000));
    await all(processes);
    await all(processes);
    expect(processes.map((one) => one.door(place))).toMatchObject([
      { opensAtMs: T + 60_000 },
      { opensAtMs: T + 60_000 },
    ]);
  });

  test("one probe in the fleet; when it is served, all are open again", async () => {
    const { clock, processes } = fleet(4);
    processes[0]?.note("model", place, limited(T, 1000));
    await all(processes);
    clock.at = T + 1000;
    const taken = await Promise.all(
      processes.flatMap((one, at) => [one.probe(place, `${at}a`), one.probe(place, `${at}b`)]),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
    const winner = taken.indexOf(true);
    const by = `${Math.floor(winner / 2)}${winner % 2 === 0 ? "a" : "b"}`;
    processes[Math.floor(winner / 2)]?.note("model", place, { kind: "served", by, atMs: clock.at });
    await all(processes);
    await all(processes);
    expect(processes.map((one) => one.door(place).kind)).toEqual(["open", "open", "open", "open"]);
  });

  test("with the database away a process goes on alone, and the others learn it later", async () => {
    const { store, clock, processes } = fleet(2);
    store.isAway = true;
    processes[0]?.note("credential", place, limited(T, 1000, "failing"));
    expect(processes[0]?.door(place)).toMatchObject({ kind: "closed", why: "failing" });
    await expect(processes[0]?.round()).rejects.toThrow("away");
    clock.at = T + 1000;
    expect(await processes[0]?.probe(place, "x")).toBe(true);
    store.isAway = false;
    await all(processes);
    await all(processes);
    expect(processes[1]?.door(place).kind).toBe("closed");
  });

  test("a cool-down after an operator reopened it begins by itself, not with what is left of the one before", async () => {
    const { clock, processes } = fleet(2);
    processes[0]?.note("model", place, limited(T, 60_000));
    await all(processes);
    clock.at = T + 2000;
    const reopened = { ...place, reopenedAtMs: T + 1000 };
    expect(processes.map((one) => one.door(reopened).kind)).toEqual(["open", "open"]);
    processes[1]?.note("model", reopened, limited(T + 2000, 1000));
    await all(processes);
    await all(processes);
    expect(processes.map((one) => one.door(reopened))).toMatchObject([
      { opensAtMs: T + 3000 },
      { opensAtMs: T + 3000 },
    ]);
  });

  test("what serves without trouble writes nothing", async () => {
    const { store, processes } = fleet(1);
    processes[0]?.note("model", place, { kind: "served", by: "x", atMs: T });
    await all(processes);
    expect(store.rows.size).toBe(0);
  });
});
