import { sql } from "drizzle-orm";
import { DAY_MS } from "@/lib/clock";
import type { Database } from "./client";
import { models, prices, providers } from "./schema/catalog";
import { limits, overrides, policyVersions, tiers } from "./schema/limits";
import { keys, tenants } from "./schema/tenancy";

/** Names of the demo's keys. `loop` is for the first curl loop: one user bucket, every other limit far away. */
export const DEMO_KEYS = ["free", "standard", "enterprise", "loop"] as const;
export type DemoKey = (typeof DEMO_KEYS)[number];

type KeySecrets = { readonly id: string; readonly hmac: string; readonly last4: string };

const MICRO_USD = 1_000_000;

/** The tiers as sold: requests and tokens per minute, calls at once, US dollars per day (null = by contract). */
const TIERS = [
  { slug: "free", name: "Free", requests: 10, tokens: 10_000, concurrent: 2, dollarsPerDay: 1 },
  { slug: "standard", name: "Standard", requests: 60, tokens: 100_000, concurrent: 10, dollarsPerDay: 50 },
  { slug: "enterprise", name: "Enterprise", requests: 300, tokens: 1_000_000, concurrent: 50, dollarsPerDay: null },
] as const;

const SIMULATED = [
  { slug: "sim-small", input: 150_000, output: 600_000 },
  { slug: "sim-large", input: 2_500_000, output: 10_000_000 },
  { slug: "sim-vision", input: 1_000_000, output: 4_000_000 },
] as const;

/** Whether nothing was ever configured. */
export async function isUnconfigured(db: Database): Promise<boolean> {
  const [row] = await db.select({ count: sql<number>`count(*)::int` }).from(tiers);
  return row?.count === 0;
}

/** Tiers, one tenant and key per tier, the loop key, and the simulator's models; all in one transaction. */
export async function insertDemo(
  db: Database,
  input: { now: Date; keys: Readonly<Record<DemoKey, KeySecrets>> },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx
      .insert(tiers)
      .values(TIERS.map(({ slug, name }, position) => ({ id: `tier_${slug}`, slug, name, position })));
    await tx.insert(limits).values([EDGE, ...TIERS.flatMap(limitsOf)]);
    await tx.insert(tenants).values(TENANTS);
    await tx.insert(keys).values(
      DEMO_KEYS.map((name) => ({
        ...input.keys[name],
        tenantId: `tenant_${name === "loop" ? "free" : name}`,
        familyId: input.keys[name].id,
        name: name === "loop" ? "README loop" : "First key",
        environment: "development",
        pepperVersion: 1,
        expiresAt: new Date(input.now.getTime() + 90 * DAY_MS),
      })),
    );
    await tx.insert(limits).values({
      id: "lim_loop-user",
      keyFamilyId: input.keys.loop.id,
      name: "user-requests",
      layer: "user",
      dimension: "requests",
      algorithm: "token_bucket",
      capacity: 10,
      refill: 1,
      windowSeconds: 2,
    });
    await tx.insert(overrides).values(
      limitsOf(TIERS[0]).map((limit) => ({
        id: `ovr_loop-${limit.name}`,
        tenantPattern: "free",
        keyFamilyId: input.keys.loop.id,
        limitName: limit.name,
        capacity: null,
        reason: "the loop key shows one limit alone",
        createdBy: "seed",
      })),
    );
    await insertSimulator(tx, input.now);
    await tx.insert(policyVersions).values({ actor: "seed", change: "demo seed" });
  });
}

/** At the edge, for all: bursts of 20 calls per client address and two a second after that. */
const EDGE = {
  id: "lim_everyone-address",
  name: "calls-per-address",
  layer: "ip",
  dimension: "requests",
  algorithm: "token_bucket",
  capacity: 20,
  refill: 2,
  windowSeconds: 1,
};

const TENANTS = [
  { id: "tenant_free", slug: "free", name: "Fern Street Florist", tierId: "tier_free" },
  {
    id: "tenant_standard",
    slug: "standard",
    name: "Harbour Logistics",
    tierId: "tier_standard",
    timeZone: "Europe/Berlin",
  },
  {
    id: "tenant_enterprise",
    slug: "enterprise",
    name: "Northwind Bank",
    tierId: "tier_enterprise",
    timeZone: "America/New_York",
  },
];

function limitsOf(tier: (typeof TIERS)[number]) {
  const own = (name: string) => ({
    id: `lim_${tier.slug}-${name}`,
    tierId: `tier_${tier.slug}`,
    name,
    layer: "tenant",
  });
  const perMinute = { algorithm: "token_bucket", windowSeconds: 60 };
  const rows = [
    { ...own("requests-per-minute"), ...perMinute, dimension: "requests", capacity: tier.requests, position: 0 },
    { ...own("tokens-per-minute"), ...perMinute, dimension: "total_tokens", capacity: tier.tokens, position: 1 },
    {
      ...own("concurrent-calls"),
      algorithm: "concurrency",
      dimension: "concurrency",
      capacity: tier.concurrent,
      position: 2,
    },
  ];
  if (tier.dollarsPerDay === null) return rows;
  const budget = { algorithm: "calendar_window", calendarPeriod: "day", dimension: "cost_micro_usd" };
  return [...rows, { ...own("spend-per-day"), ...budget, capacity: tier.dollarsPerDay * MICRO_USD, position: 3 }];
}

/** The simulated provider with its models and their prices. */
async function insertSimulator(tx: Pick<Database, "insert">, now: Date): Promise<void> {
  const provider = {
    id: "provider_simulator",
    slug: "simulator",
    name: "Simulator",
    dialect: "openai",
    baseUrl: "simulator:",
  };
  await tx.insert(providers).values({ ...provider, allowLocal: true, continuousUsage: true });
  const sizes = { contextTokens: 128_000, maxOutputTokens: 16_384, defaultOutputTokens: 512 };
  await tx.insert(models).values(
    SIMULATED.map(({ slug }) => ({
      id: `model_${slug}`,
      slug,
      providerId: provider.id,
      upstreamName: slug,
      ...sizes,
      createdAt: now,
    })),
  );
  await tx.insert(prices).values(
    SIMULATED.map(({ slug, input: inputPrice, output }) => ({
      modelId: `model_${slug}`,
      validFrom: now,
      inputMicroUsdPerMillion: inputPrice,
      cachedInputMicroUsdPerMillion: Math.round(inputPrice / 2),
      outputMicroUsdPerMillion: output,
      source: "demo",
    })),
  );
}
