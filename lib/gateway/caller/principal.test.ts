import { expect, test } from "vitest";
import type { KeyRow } from "@/db/queries/limits/config";
import type { PublicError } from "@/lib/errors";
import { makeLog } from "@/lib/log";
import type { News } from "@/lib/policy/snapshot/current-policy";
import type { Snapshot, Tenant } from "@/lib/policy/snapshot/snapshot";
import type { Exchange } from "../exchange/exchange";
import { hashApiKey, makeApiKey } from "./api-key";
import { KeyRing } from "./principal";

const [PEPPER, EARLIER_PEPPER] = ["p", "earlier"];
const AN_HOUR_MS = 3_600_000;
const REVOKED = { status: "revoked" } as const;
const GOOD = makeApiKey("live");

/** One database and one process in front of it; the test drives each step. */
class World {
  now = Date.UTC(2026, 0, 1);
  readonly rows = new Map<string, KeyRow>();
  readonly tenants = new Map<string, Tenant>([["t_1", tenant({})]]);
  version = 1;
  isAway = false;
  reads: (readonly string[])[] = [];
  looks = 0;
  readonly rehashed: { id: string; hmac: string }[] = [];
  snapshot: Snapshot = this.#loaded();
  /** Called with the read rows before they are returned, so a test can hold a look-up. */
  beforeHandover: (() => Promise<void> | void) | null = null;
  readonly ring = new KeyRing({
    findKeys: (ids) => this.#findKeys(ids),
    clock: { now: () => this.now },
    log: makeLog("silent"),
    policy: this.#policy(),
    peppers: [PEPPER, EARLIER_PEPPER],
    pepperVersion: 2,
    rehash: async ({ id }, hmac) => {
      this.rehashed.push({ id, hmac });
    },
  });

  constructor() {
    this.put({});
    this.follow();
  }

  /** Writes the good key's row and a new version, as every verb does. */
  put(change: Partial<KeyRow>): void {
    this.rows.set(GOOD.id, { ...keyRow(), ...change });
    this.version += 1;
  }

  /** This process loads the newest version. */
  follow(): void {
    this.snapshot = this.#loaded();
  }

  async code(text = GOOD.text): Promise<string> {
    return codeOf(this.ring.authenticate(exchange(text)));
  }

  async #findKeys(ids: readonly string[]): Promise<readonly KeyRow[]> {
    if (this.isAway) throw new Error("the database is away");
    this.reads.push(ids);
    const found = ids.flatMap((id) => this.rows.get(id) ?? []);
    await this.beforeHandover?.();
    return found;
  }

  #policy() {
    const read = () => this.snapshot;
    const look = async (): Promise<News> => {
      if (this.isAway) return "unknown";
      this.looks += 1;
      if (this.version !== this.snapshot.version) this.follow();
      return "in_force";
    };
    return {
      get snapshot() {
        return read();
      },
      news: look,
    };
  }

  #loaded(): Snapshot {
    const policyOf = () => {
      throw new Error("no limits here");
    };
    const tier = {
      id: "tier_1",
      slug: "free",
      name: "",
      version: 1,
      ladder: {},
      keyDaysMax: 90,
      position: 0,
      updatedAt: new Date(0),
    };
    return {
      version: this.version,
      tenants: new Map(this.tenants),
      tiers: new Map([["tier_1", tier]]),
      ...{ models: new Map(), brakes: [], budgets: [], faults: [], policyOf, policyIf: policyOf },
      ...{ sourceOf: () => null, keyLimitsOf: () => null },
    };
  }
}

test("a key that is revoked while its body arrives is refused", async () => {
  const world = new World();
  const principal = await world.ring.authenticate(exchange());
  expect(await world.ring.current(exchange(), principal)).toBe(principal);
  world.put(REVOKED);
  world.follow();
  expect(await codeOf(world.ring.current(exchange(), principal))).toBe("invalid_api_key");
});

test.each<[string, Partial<KeyRow>, string]>([
  ["revoked", REVOKED, "invalid_api_key"],
  ["narrowed to other addresses", { ipAllow: ["10.0.0.0/8"] }, "ip_not_allowed"],
  ["made to expire", { expiresAt: new Date(0) }, "key_expired"],
])("a key that is %s while its row is read is refused, and the old row is not cached", async (_name, change, code) => {
  const world = new World();
  world.beforeHandover = () => {
    world.beforeHandover = null;
    world.put(change);
    world.follow();
  };
  expect(await world.code()).toBe(code);
  expect(await world.code()).toBe(code);
});

test("a row that was read under a version older than the snapshot is not used", async () => {
  const world = new World();
  expect(await world.code()).toBe("ok");
  world.put(REVOKED);
  // The ring was not notified; only the snapshot is newer.
  world.follow();
  expect(await world.code()).toBe("invalid_api_key");
});

test("a slow look-up that began before a revocation does not restore the key after it", async () => {
  const world = new World();
  const gate = held();
  world.beforeHandover = gate.wait;
  const early = world.code();
  await gate.reached;
  world.put(REVOKED);
  world.follow();
  world.beforeHandover = null;
  gate.open();
  expect([await early, await world.code()]).toEqual(["invalid_api_key", "invalid_api_key"]);
});

test("a key with narrower rights keeps its caller, with the new rights", async () => {
  const world = new World();
  const principal = await world.ring.authenticate(exchange());
  world.put({ models: ["sim-large"], endpoints: ["chat"] });
  world.follow();
  const { key, policyVersion } = await world.ring.current(exchange(), principal);
  expect([key.models, key.endpoints, policyVersion]).toEqual([["sim-large"], ["chat"], world.version]);
});

test("a key that expires while its body arrives is refused", async () => {
  const world = new World();
  world.put({ expiresAt: new Date(world.now + 1000) });
  const principal = await world.ring.authenticate(exchange());
  world.now += 999;
  expect(await codeOf(world.ring.current(exchange(), principal))).toBe("ok");
  world.now += 1;
  expect(await codeOf(world.ring.current(exchange(), principal))).toBe("key_expired");
});

test("a suspended tenant is refused under the version that says so, and served again under the next", async () => {
  const world = new World();
  const principal = await world.ring.authenticate(exchange());
  world.tenants.set("t_1", tenant({ status: "suspended" }));
  world.version += 1;
  world.follow();
  expect(await codeOf(world.ring.current(exchange(), principal))).toBe("tenant_suspended");
  world.tenants.set("t_1", tenant({}));
  world.version += 1;
  // This process has not read it yet, so the database is asked before the refusal.
  expect(await world.code()).toBe("ok");
});

test("a new tenant's key works at a process that has loaded neither", async () => {
  const world = new World();
  const fresh = makeApiKey("live");
  expect(await world.code(fresh.text)).toBe("invalid_api_key");
  world.tenants.set("t_2", tenant({ id: "t_2" }));
  world.rows.set(fresh.id, { ...keyRow(fresh), tenantId: "t_2" });
  world.version += 1;
  expect(await world.code(fresh.text)).toBe("ok");
});

test("an unknown key and a wrong secret take the same steps at every attempt", async () => {
  const world = new World();
  expect(await world.code()).toBe("ok");
  // The known id with another secret and its correct checksum.
  const known = withId(GOOD.id);
  for (const text of [known, withId("0".repeat(12)), known, withId("0".repeat(12))]) {
    world.reads = [];
    world.looks = 0;
    expect(await world.code(text)).toBe("invalid_api_key");
    expect([world.reads.length, world.looks]).toEqual([1, 1]);
  }
});

test("a flood of bad keys costs the database one request after the other", async () => {
  const world = new World();
  const gate = held();
  world.beforeHandover = gate.wait;
  const first = world.code(makeApiKey("live").text);
  await gate.reached;
  world.beforeHandover = null;
  const flood = Array.from({ length: 500 }, () => world.code(makeApiKey("live").text));
  gate.open();
  expect(new Set(await Promise.all([first, ...flood]))).toEqual(new Set(["invalid_api_key"]));
  expect(world.reads.map((ids) => ids.length)).toEqual([1, 500]);
});

test("five hundred callers at once after a change of policy share two look-ups at most", async () => {
  const world = new World();
  expect(await world.code()).toBe("ok");
  world.put({});
  world.follow();
  world.reads = [];
  const codes = await Promise.all(Array.from({ length: 500 }, () => world.code()));
  expect(new Set(codes)).toEqual(new Set(["ok"]));
  expect(world.reads.length).toBeLessThanOrEqual(2);
});

test("with the database away a key is served from memory for 15 minutes, never under another version", async () => {
  const world = new World();
  expect(await world.code()).toBe("ok");
  world.isAway = true;
  world.now += 31_000;
  expect([await world.code(), world.ring.isAway]).toEqual(["ok", true]);
  expect(await world.code(makeApiKey("live").text)).toBe("auth_unavailable");
  expect(await world.code(withId(GOOD.id))).toBe("auth_unavailable");
  world.now += 14 * 60_000;
  expect(await world.code()).toBe("ok");
  world.version += 1;
  world.follow();
  expect(await world.code()).toBe("auth_unavailable");
  world.version -= 1;
  world.follow();
  world.now += 60_000;
  expect(await world.code()).toBe("auth_unavailable");
  world.isAway = false;
  expect([await world.code(), world.ring.isAway]).toEqual(["ok", false]);
});

test("a policy that never stops changing never lets an older row serve a call", async () => {
  const world = new World();
  world.beforeHandover = () => {
    world.version += 1;
    world.follow();
  };
  expect(await world.code()).toBe("auth_unavailable");
  expect(world.reads).toHaveLength(4);
});

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => "ok",
    (error: PublicError) => error.code,
  );
}

/** A gate that holds a look-up. */
function held() {
  let [open, reach] = [() => undefined, () => undefined];
  const opened = new Promise<undefined>((resolve) => {
    open = () => void resolve(undefined);
  });
  const reached = new Promise<undefined>((resolve) => {
    reach = () => void resolve(undefined);
  });
  const wait = async () => {
    reach();
    await opened;
  };
  return { reached, wait, open: () => open() };
}

function exchange(text = GOOD.text): Exchange {
  return {
    ...{ requestId: "req_1", method: "POST", path: "/v1/chat/completions", query: "", clientAddress: "192.0.2.1" },
    header: (name) => (name === "authorization" ? `Bearer ${text}` : undefined),
    headers: () => [],
    body: async () => undefined,
    signal: new AbortController().signal,
  };
}

test("a key hashed with an earlier pepper is served and rehashed with the newest; a key hashed with an unknown pepper is refused", async () => {
  const world = new World();
  world.put({ hmac: hashApiKey(GOOD.text, EARLIER_PEPPER) });
  world.follow();
  expect(await world.code()).toBe("ok");
  expect(world.rehashed).toEqual([{ id: GOOD.id, hmac: hashApiKey(GOOD.text, PEPPER) }]);
  // From memory: its row was read before the rehash.
  expect(await world.code()).toBe("ok");
  expect(world.rehashed).toHaveLength(1);
  // By a process with a later pepper.
  world.put({ hmac: hashApiKey(GOOD.text, EARLIER_PEPPER), pepperVersion: 2 });
  world.follow();
  expect(await world.code()).toBe("ok");
  expect(world.rehashed).toHaveLength(1);
  world.put({ hmac: hashApiKey(GOOD.text, "unknown") });
  world.follow();
  expect(await world.code()).toBe("invalid_api_key");
});

/** A well-formed key with that id that was never issued. */
function withId(id: string): string {
  return makeApiKey("live", id).text;
}

function keyRow(key = GOOD): KeyRow {
  const text = { id: key.id, familyId: key.id, name: "one", hmac: hashApiKey(key.text, PEPPER), last4: "" };
  return {
    ...{ ...text, tenantId: "t_1", environment: "live", pepperVersion: 1, status: "active", priority: "standard" },
    ...{ models: null, endpoints: null, ipAllow: null, rotatesKeyId: null, overlapSeconds: null, bodyMbMax: null },
    ...{ expiresAt: new Date(Date.UTC(2026, 0, 1) + AN_HOUR_MS), createdAt: new Date(0) },
    ...{ lastUsedAt: null, revokedAt: null, rotateDays: null, holderMayRotate: false, madeByHolder: false },
  };
}

function tenant(change: Partial<Tenant>): Tenant {
  return {
    ...{ id: "t_1", slug: "acme", name: "Acme", tierId: "tier_1", timeZone: "UTC" },
    ...{ featureClasses: {}, classPermits: {} },
    ...{ status: "active", linkVersion: 1, createdAt: new Date(0) },
    ...change,
  };
}
