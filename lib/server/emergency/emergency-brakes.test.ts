import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import type { Brake } from "@/lib/policy/rows/brake-row";
import type { BrakeBoard } from "./brake-board";
import { BrakeFolder } from "./brake-folder";
import type { EmergencyBrake } from "./emergency-brake";
import { EmergencyBrakes } from "./emergency-brakes";

const log = makeLog("silent");
let dataDir: string;
beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-brakes-"));
});
afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

class Board implements BrakeBoard {
  readonly all = new Map<string, EmergencyBrake>();
  isAway = false;
  async read() {
    this.#asked();
    return [...this.all.values()];
  }
  async put(brake: EmergencyBrake) {
    this.#asked();
    this.all.set(brake.id, brake);
  }
  async drop(id: string, as: "set" | "lifted") {
    this.#asked();
    if (as === "lifted" || (this.all.get(id)?.lift ?? null) === null) this.all.delete(id);
  }
  #asked() {
    if (this.isAway) throw new Error("the store is away");
  }
}

/** A process with its enforced brakes, and a database that can be cut off. */
function processOf(input: { board?: Board; folder?: string; database?: Map<string, string | null> } = {}) {
  const { board = null, folder = "brakes", database = new Map<string, string | null>() } = input;
  const state = { isDatabaseAway: true, inForce: [] as readonly string[], lifted: [] as readonly string[] };
  const hold = async (brakes: readonly Brake[], lifted: readonly string[]) => {
    state.inForce = brakes.map(({ id }) => id);
    state.lifted = lifted;
  };
  const brakes = new EmergencyBrakes({
    folder: new BrakeFolder(path.join(dataDir, folder), log),
    board,
    policy: { hold },
    isDatabaseAway: () => state.isDatabaseAway,
    bookedOf: async (held) =>
      held.flatMap(({ id, lift }) => (database.has(id) && (lift === null || database.get(id) !== null) ? [id] : [])),
    log,
  });
  return { state, brakes, database };
}

const brake = (letter: string, more: Partial<EmergencyBrake> = {}): EmergencyBrake => ({
  version: 1,
  id: `brk_${letter.repeat(20)}`,
  scope: { tenant: "acme" },
  mode: "block",
  reason: "the database is away",
  publicMessage: null,
  createdBy: "operator-token",
  address: "127.0.0.1",
  createdAtMs: 1000,
  expiresAtMs: null,
  lift: null,
  ...more,
});
const lift = { by: "operator-token", address: "127.0.0.1", atMs: 2000, reason: "over", untilMs: null };

test("is in force where it was set when that is answered, and after a restart of that process", async () => {
  const { brakes, state } = processOf();
  await brakes.put(brake("a"));
  expect(state.inForce).toEqual([brake("a").id]);
  const next = processOf();
  next.brakes.start();
  next.brakes.stop();
  expect(next.state.inForce).toEqual([brake("a").id]);
});

test("reaches the processes of the same DATA_DIR by its folder and all others by the store, and so does its end", async () => {
  const board = new Board();
  const set = processOf({ board });
  const others = [processOf(), processOf({ board, folder: "elsewhere" })];
  await set.brakes.put(brake("a"));
  for (const { brakes } of others) await brakes.look();
  expect(others.map(({ state }) => state.inForce)).toEqual([[brake("a").id], [brake("a").id]]);
  await others[1]?.brakes.put(brake("a", { lift }));
  for (const { brakes } of [set, ...others]) await brakes.look();
  expect([set, ...others].map(({ state }) => state.inForce)).toEqual([[], [], []]);
});

test("without store and disk it holds in this process, and a store that is away keeps what was on it", async () => {
  const board = new Board();
  const { brakes, state } = processOf({ board });
  await brakes.put(brake("a"));
  board.isAway = true;
  fs.rmSync(path.join(dataDir, "brakes"), { recursive: true });
  fs.writeFileSync(path.join(dataDir, "brakes"), "no folder");
  await brakes.put(brake("b"));
  await brakes.look();
  expect(state.inForce).toContain(brake("b").id);
  board.isAway = false;
  await brakes.look();
  expect([...state.inForce].sort()).toEqual([brake("a").id, brake("b").id]);
});

test("is held until the database has it, whichever process has written it, and then it is nowhere else", async () => {
  const board = new Board();
  const database = new Map<string, string | null>();
  const set = processOf({ board, database });
  const heard = processOf({ board, database, folder: "elsewhere" });
  await set.brakes.put(brake("a"));
  await heard.brakes.look();
  for (const { state } of [set, heard]) state.isDatabaseAway = false;
  for (const { brakes } of [set, heard]) await brakes.look();
  expect([set, heard].map(({ state }) => state.inForce)).toEqual([[brake("a").id], [brake("a").id]]);
  database.set(brake("a").id, null);
  for (const { brakes } of [set, heard, set, heard]) await brakes.look();
  expect([set, heard].map(({ brakes }) => brakes.held)).toEqual([[], []]);
  expect([board.all.size, fs.readdirSync(path.join(dataDir, "brakes"))]).toEqual([0, []]);
});

test("a lift that the database lacks is held, although it has the brake", async () => {
  const database = new Map<string, string | null>([[brake("a").id, null]]);
  const { brakes, state } = processOf({ database });
  await brakes.put(brake("a", { lift }));
  state.isDatabaseAway = false;
  await brakes.look();
  expect(brakes.held).toHaveLength(1);
  database.set(brake("a").id, "operator-token");
  await brakes.look();
  expect(brakes.held).toEqual([]);
});

test("one that is lifted while it is booked stays lifted, at every process, until its lift is booked as well", async () => {
  const board = new Board();
  const database = new Map<string, string | null>();
  const set = processOf({ board, database });
  const books = processOf({ board, database });
  const heard = processOf({ board, database, folder: "elsewhere" });
  const all = [set, books, heard];
  await set.brakes.put(brake("a"));
  for (const { brakes } of all) await brakes.look();
  const [booking] = books.brakes.held;
  if (booking === undefined) throw new Error("nothing to book");
  await set.brakes.put(brake("a", { lift }));
  database.set(booking.id, null);
  books.brakes.forget(booking);
  for (const { state } of all) state.isDatabaseAway = false;
  for (const { brakes } of [...all, ...all]) await brakes.look();
  expect(all.map(({ brakes }) => brakes.held)).toEqual(Array(3).fill([brake("a", { lift })]));
  expect(all.map(({ state }) => state.lifted)).toEqual(Array(3).fill([brake("a").id]));
  database.set(booking.id, "operator-token");
  books.brakes.forget(brake("a", { lift }));
  for (const { brakes } of [...all, ...all]) await brakes.look();
  expect(all.map(({ brakes }) => brakes.held)).toEqual([[], [], []]);
  expect([board.all.size, fs.readdirSync(path.join(dataDir, "brakes"))]).toEqual([0, []]);
});

test("one that was left in the store after it was booked comes into force in no later outage", async () => {
  const board = new Board();
  await board.put(brake("a"));
  const database = new Map<string, string | null>([[brake("a").id, "ann"]]);
  const { brakes, state } = processOf({ board, database });
  state.isDatabaseAway = false;
  await brakes.look();
  await brakes.look();
  state.isDatabaseAway = true;
  await brakes.look();
  expect([board.all.size, state.inForce]).toEqual([0, []]);
});

test("one that another process of DATA_DIR has booked is taken off the store by the one that put it there", async () => {
  const board = new Board();
  const database = new Map<string, string | null>();
  const { brakes, state } = processOf({ board, database });
  await brakes.put(brake("a"));
  state.isDatabaseAway = false;
  await brakes.look();
  expect(state.inForce).toEqual([brake("a").id]);
  database.set(brake("a").id, null);
  fs.rmSync(path.join(dataDir, "brakes", `${brake("a").id}.json`));
  await brakes.look();
  await brakes.look();
  expect([board.all.size, state.inForce]).toEqual([0, []]);
});

test("a file that cannot be read is set aside, and stops no other", async () => {
  const { brakes, state } = processOf();
  await brakes.put(brake("a"));
  fs.writeFileSync(path.join(dataDir, "brakes", `${brake("b").id}.json`), '{"version":1,"id":"half');
  await brakes.look();
  expect(state.inForce).toEqual([brake("a").id]);
  expect(fs.readdirSync(path.join(dataDir, "brakes")).sort()).toEqual([
    `${brake("a").id}.json`,
    `${brake("b").id}.json.unreadable`,
  ]);
});
