import { priceFrom, priceWords } from "../money/price-input";
import type { ConfigFile } from "./config-file";

/** Kinds of objects, each after those that it refers to. */
export const KINDS = ["provider", "model", "everyone", "tier", "tenant", "budget", "alert-rule", "operator"] as const;
export type Kind = (typeof KINDS)[number];

/** The section of a file that holds each kind. */
export const SECTIONS = {
  provider: "providers",
  model: "models",
  everyone: "everyone",
  tier: "tiers",
  tenant: "tenants",
  budget: "budgets",
  "alert-rule": "alertRules",
  operator: "staff",
} as const satisfies Readonly<Record<Kind, keyof ConfigFile>>;

export type Content = Readonly<Record<string, unknown>>;
/** The objects of one kind by their names; null = the file does not manage this kind. */
export type Objects = Readonly<Record<Kind, ReadonlyMap<string, Content> | null>>;

/** The content of a file at one moment in normal form: equal values mean the same configuration. */
export function objectsOf(file: ConfigFile, now: number): Objects {
  return {
    provider: mapOf(file.providers, (one) => one),
    model: mapOf(file.models, (one) => modelAt(one, now)),
    everyone: file.everyone === undefined ? null : new Map([["everyone", { limits: file.everyone }]]),
    tier: mapOf(file.tiers, ({ name: _name, ...one }) => one),
    tenant: mapOf(file.tenants, (one) => one),
    budget: mapOf(file.budgets, budgetWhole),
    "alert-rule": mapOf(file.alertRules, ({ channels, ...one }) => ({ ...one, channels: [...channels].sort() })),
    operator: mapOf(file.staff, ({ name: _name, ...one }) => one),
  };
}

function mapOf<One>(
  section: Readonly<Record<string, One>> | undefined,
  contentOf: (one: One) => Content,
): ReadonlyMap<string, Content> | null {
  if (section === undefined) return null;
  return new Map(Object.entries(section).map(([name, one]) => [name, said(contentOf(one))]));
}

/** Without members that say nothing, as JSON would have it. */
function said(content: Content): Content {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

/** Of a budget it says something when these are absent. */
function budgetWhole({ tenant, target, windowSeconds, ...rest }: NonNullable<ConfigFile["budgets"]>[string]): Content {
  return { ...rest, tenant: tenant ?? null, target: target ?? null, windowSeconds: windowSeconds ?? null };
}

type ModelFile = NonNullable<ConfigFile["models"]>[string];

/** A price that has started is the current price. Later prices are listed by start time. */
function modelAt({ price, laterPrices, ...facts }: ModelFile, now: number): Content {
  const listed = (laterPrices ?? []).map(({ validFrom, ...one }) => ({ at: Date.parse(validFrom), price: one }));
  const later = listed.sort((a, b) => a.at - b.at);
  const current = later.filter(({ at }) => at <= now).at(-1)?.price ?? price;
  const toCome = later.filter(({ at }) => at > now);
  return {
    ...facts,
    ...(current === undefined ? {} : { price: priceWords(priceFrom(current)) }),
    ...(laterPrices === undefined
      ? {}
      : {
          laterPrices: Object.fromEntries(
            toCome.map(({ at, price: one }) => [new Date(at).toISOString(), priceWords(priceFrom(one))]),
          ),
        }),
  };
}
