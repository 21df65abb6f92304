import path from "node:path";
import { expect, test } from "vitest";
import { type ConfigFile, configFile, configFileSchema } from "./config-file";
import { differences } from "./differences";
import { objectsOf } from "./objects";
import { driftOf, faultsOf, type Mark, planOf } from "./plan";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const rates = { inputMicroUsdPerMillion: 10, outputMicroUsdPerMillion: 20 };
const perMinute = { dimension: "requests", algorithm: "token_bucket", windowSeconds: 60 };
const limit = (name: string, capacity: number) => ({ ...perMinute, name, layer: "tenant", capacity });

function read(file: object): ConfigFile {
  return configFile.parse({ spillway: "config/1", ...file });
}

const LIVE = read({
  providers: { local: { name: "Local", baseUrl: "https://llm.example.com/v1" } },
  models: {
    m: {
      provider: "local",
      contextTokens: 8,
      maxOutputTokens: 4,
      defaultOutputTokens: 2,
      price: rates,
      laterPrices: [],
    },
  },
  tiers: { free: { name: "Free", limits: [limit("a", 10), limit("b", 20)] } },
  tenants: { acme: { name: "Acme", tier: "free", status: "suspended", features: { draft: "M" } } },
  budgets: { month: { level: "tenant", tenant: "acme", period: "month", timeZone: "UTC", amountMicroUsd: 5_000_000 } },
  alertRules: {},
  staff: {},
});

/** The plan of a file on the configuration above. */
function plan(file: object, { now = NOW, marks = [] }: { now?: number; marks?: Mark[] } = {}) {
  const wanted = objectsOf(read(file), now);
  const live = objectsOf(LIVE, now);
  return planOf({ wanted, live, marks, drift: [], source: "a.yaml", takesOver: false });
}

/** Words of the one change that a file makes. */
function words(file: object, now = NOW): readonly string[] {
  const { changes } = plan(file, { now });
  expect(changes).toHaveLength(1);
  return changes[0]?.words ?? [];
}

test("what is there is no change, also as JSON with its members in another order", () => {
  expect(plan(LIVE).changes).toEqual([]);
  const turned = Object.fromEntries(Object.entries(LIVE).reverse());
  expect(plan(turned).changes).toEqual([]);
  expect(plan(LIVE).adopted).toHaveLength(5);
});

test("what a file does not say, it does not change", () => {
  expect(plan({ tenants: { acme: { name: "Acme", tier: "free" } } }).changes).toEqual([]);
  expect(plan({}).changes).toEqual([]);
  const model = { provider: "local", contextTokens: 8, maxOutputTokens: 4, defaultOutputTokens: 2 };
  expect(plan({ models: { m: model } }).changes).toEqual([]);
  expect(plan({ tenants: {} }).others).toEqual([{ kind: "tenant", name: "acme" }]);
});

test("limits are compared by their names, and their order counts", () => {
  const tier = (limits: object[]) => ({ tiers: { free: { name: "Free", limits } } });
  expect(words(tier([limit("a", 11), limit("b", 20)]))).toEqual(["a.capacity: 10 → 11"]);
  expect(words(tier([limit("b", 20), limit("a", 10)]))).toEqual(["limits: new order: b, a"]);
  expect(words(tier([limit("a", 10)]))).toEqual(["limits: b removed"]);
  const more = words(tier([limit("a", 10), limit("b", 20), limit("c", 1)]));
  expect(more).toEqual([expect.stringMatching(/^limits: new c \(layer tenant, dimension requests, .*capacity 1/)]);
});

test("a feature that leaves its tenant's list loses its class", () => {
  expect(words({ tenants: { acme: { name: "Acme", tier: "free", features: {} } } })).toEqual([
    "features.draft: M → none",
  ]);
});

test("a price that is written for later is the price when its time has come: no edit, no drift", () => {
  const at = "2026-12-01T00:00:00Z";
  const facts = { provider: "local", contextTokens: 8, maxOutputTokens: 4, defaultOutputTokens: 2 };
  const later = { validFrom: at, inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 2 };
  const file = { models: { m: { ...facts, price: rates, laterPrices: [later] } } };
  expect(words(file)).toEqual([expect.stringContaining(`laterPrices.${new Date(at).toISOString()}: none → `)]);
  expect(words(file, Date.parse(at))).toContain("price.inputMicroUsdPerMillion: 10 → 1");
  const marked = objectsOf(read(file), Date.parse(at));
  const { validFrom: _from, ...price } = later;
  const begun = objectsOf(read({ models: { m: { ...facts, price, laterPrices: [] } } }), Date.parse(at));
  expect(driftOf([{ kind: "model", name: "m", source: "a.yaml" }], marked, begun)).toEqual([]);
});

test("later prices count by their start, whatever their order in the file", () => {
  const facts = { provider: "local", contextTokens: 8, maxOutputTokens: 4, defaultOutputTokens: 2 };
  const from = (validFrom: string, rate: number) => ({ ...rates, validFrom, inputMicroUsdPerMillion: rate });
  const laterPrices = [from("2026-11-01T00:00:00Z", 30), from("2026-05-01T00:00:00Z", 20)];
  const file = { models: { m: { ...facts, price: rates, laterPrices } } };
  expect(words(file)).toContain("price.inputMicroUsdPerMillion: 10 → 30");
});

test("two later prices with one start are a fault", () => {
  const facts = { provider: "local", contextTokens: 8, maxOutputTokens: 4, defaultOutputTokens: 2 };
  const laterPrices = ["2027-05-01T00:00:00Z", "2027-05-01T02:00:00+02:00"].map((validFrom) => ({
    ...rates,
    validFrom,
  }));
  const file = read({ models: { m: { ...facts, laterPrices } } });
  const [wanted, live] = [objectsOf(file, NOW), objectsOf(LIVE, NOW)];
  const state = { wanted, live, marks: [], drift: [], source: "a", takesOver: false, channels: new Set<string>() };
  expect(faultsOf(file, state)).toEqual(["models.m.laterPrices: two prices start at 2027-05-01T00:00:00.000Z"]);
});

test("names that every object inherits are names like others", () => {
  expect(differences({ features: { toString: "M", ok: "S" } }, { features: { ok: "S", constructor: "L" } })).toEqual([
    "features.toString: M → none",
    "features.constructor: none → L",
  ]);
});

test("two entries with one stored name are refused, not merged into one", () => {
  const operator = (role: string) => ({ name: "Ada", role });
  const rule = { watch: { kind: "store_away" } };
  const parsed = configFile.safeParse({
    spillway: "config/1",
    staff: { "Ada@example.com": operator("viewer"), "ada@example.com": operator("admin") },
    alertRules: { Away: rule, "Away ": rule },
  });
  expect(parsed.error?.issues.map(({ path: at }) => at.join("."))).toEqual([
    "alertRules.Away ",
    "staff.ada@example.com",
  ]);
  const one = read({ staff: { "Ada@example.com": operator("viewer") }, alertRules: { " Away ": rule } });
  expect([Object.keys(one.staff ?? {}), Object.keys(one.alertRules ?? {})]).toEqual([["ada@example.com"], ["Away"]]);
});

test("a budget is made again when it changes what it counts, and edited when it does not", () => {
  const budget = { level: "tenant", tenant: "acme", period: "month", amountMicroUsd: 5_000_000 };
  const acts = (more: object) => plan({ budgets: { month: { ...budget, ...more } } }).changes.map(({ act }) => act);
  expect(acts({})).toEqual([]);
  expect(acts({ amountMicroUsd: 6_000_000 })).toEqual(["change"]);
  expect(acts({ period: "week" })).toEqual(["replace"]);
});

test("only what the same file made goes with it, and only of kinds without a history", () => {
  const marks: Mark[] = [
    { kind: "budget", name: "month", source: "a.yaml" },
    { kind: "tenant", name: "acme", source: "a.yaml" },
  ];
  const own = plan({ budgets: {}, tenants: {} }, { marks });
  expect(own.changes).toMatchObject([{ kind: "budget", act: "remove" }]);
  expect(own.released).toEqual([{ kind: "tenant", name: "acme" }]);
  const foreign = marks.map((mark) => ({ ...mark, source: "b.yaml" }));
  expect(plan({ budgets: {}, tenants: {} }, { marks: foreign }).changes).toEqual([]);
  expect(plan({}, { marks }).changes).toEqual([]);
  expect(plan({}, { marks }).released).toHaveLength(2);
});

test("drift is what became of the file's own words, from the file to now", () => {
  const marks: Mark[] = [
    { kind: "tenant", name: "acme", source: "a.yaml" },
    { kind: "tenant", name: "gone", source: "a.yaml" },
  ];
  const tenants = { acme: { name: "Acme Ltd", tier: "free" }, gone: { name: "Gone", tier: "free" } };
  const marked = objectsOf(read({ tenants }), NOW);
  expect(driftOf(marks, marked, objectsOf(LIVE, NOW)).map((one) => one.words)).toEqual([
    ["name: Acme Ltd → Acme"],
    ["was removed"],
  ]);
});

test("faults name each object that is missing, and each limit that contradicts itself", () => {
  const file = read({
    everyone: [limit("each", 1)],
    tiers: { new: { name: "New", limits: [], ladder: { models: ["m", "gone"] } } },
    tenants: { acme: { name: "Acme", tier: "new" }, lost: { name: "Lost", tier: "nowhere" } },
    budgets: { day: { level: "tenant", tenant: "lost", period: "day", amountMicroUsd: 1 } },
    alertRules: { Silent: { watch: { kind: "brake" }, channels: ["ops"] } },
  });
  const [wanted, live] = [objectsOf(file, NOW), objectsOf(LIVE, NOW)];
  const marks: Mark[] = [{ kind: "tenant", name: "acme", source: "b.yaml" }];
  const state = { wanted, live, marks, drift: [], source: "a.yaml", takesOver: false, channels: new Set<string>() };
  expect(faultsOf(file, state)).toEqual([
    expect.stringContaining("everyone: each: a limit for everyone is of the layers"),
    'tiers.new.ladder: there is no model "gone"',
    'tenants.lost: there is no tier "nowhere"',
    expect.stringContaining('alertRules.Silent: the channel "ops" does not exist'),
    expect.stringContaining("tenant acme is managed from b.yaml"),
  ]);
  expect(faultsOf(file, { ...state, takesOver: true, channels: new Set(["ops"]) })).toHaveLength(3);
});

test("cross-field rules of a budget hold in a file too", () => {
  const budget = { level: "global", tenant: "acme", period: "rolling", amountMicroUsd: 1 };
  const parsed = configFile.safeParse({ spillway: "config/1", budgets: { x: budget } });
  expect(parsed.error?.issues.map(({ path: at }) => at.join("."))).toEqual([
    "budgets.x.tenant",
    "budgets.x.windowSeconds",
  ]);
});

test("long values are clipped, and money is shown in dollars", () => {
  expect(differences({ amountMicroUsd: 1_500_000 }, { amountMicroUsd: 2_000_000 })).toEqual([
    "amountMicroUsd: 1500000 ($1.5) → 2000000 ($2)",
  ]);
  expect(differences({ a: "x" }, { a: "y".repeat(500) })[0]?.length).toBeLessThan(200);
});

test("the published JSON schema is the one that files are read by", async () => {
  // Run with -u after a change of the schema.
  const published = path.resolve(import.meta.dirname, "../../../deploy/spillway.schema.json");
  await expect(`${JSON.stringify(configFileSchema(), null, 2)}\n`).toMatchFileSnapshot(published);
});
