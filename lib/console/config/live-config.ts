import type { z } from "zod";
import { listCatalog } from "@/db/queries/catalog/catalog";
import { policyVersion } from "@/db/queries/limits/config";
import { readEveryone } from "@/db/queries/limits/everyone";
import { listTiers } from "@/db/queries/limits/tiers";
import { readBudgets } from "@/db/queries/money/budgets";
import { readPrices } from "@/db/queries/money/prices";
import { readChannels, readRules } from "@/db/queries/operators/alerts";
import { readStaff } from "@/db/queries/operators/staff";
import { readAllTenants } from "@/db/queries/tenants/tenancy";
import { PublicError } from "@/lib/errors";
import { priceOf } from "@/lib/money/price";
import { BREAK_GLASS_EMAIL } from "../access/auth";
import type { ConsoleContext } from "../kernel/context";
import { readableLimits, type StoredLimit } from "../limits/stored-limits";
import { priceWords } from "../money/price-input";
import { shownCredentials } from "../providers/credentials";
import { type ConfigFile, configFile, modelFile, providerFile } from "./config-file";

/** The current configuration: as a file, and the row data that its changes need. */
export type LiveConfig = {
  readonly version: number;
  readonly file: ConfigFile;
  readonly everyoneVersion: number;
  readonly tierVersions: ReadonlyMap<string, number>;
  /** of limits, by "tier name" */
  readonly limitIds: ReadonlyMap<string, string>;
  readonly budgets: ReadonlyMap<string, { readonly id: string; readonly version: number }>;
  readonly ruleIds: ReadonlyMap<string, string>;
  readonly staffIds: ReadonlyMap<string, string>;
  readonly channelIds: ReadonlyMap<string, string>;
};

/**
 * Reads everything that a file may manage. A concurrent change makes the version stale, so no change is based on mixed
 * data.
 */
export async function readLiveConfig(context: ConsoleContext): Promise<LiveConfig> {
  const { db } = context;
  const version = await policyVersion(db);
  const [rows, everyone, tenants] = [await listTiers(db), await readEveryone(db), await readAllTenants(db)];
  const [budgets, rules, channels] = [await readBudgets(db, null), await readRules(db), await readChannels(db)];
  const staff = (await readStaff(db)).map(({ row }) => row).filter(({ email }) => email !== BREAK_GLASS_EMAIL);
  const tierSlugs = new Map(rows.tiers.map(({ id, slug }) => [id, slug]));
  const tenantSlugs = new Map(tenants.map(({ id, slug }) => [id, slug]));
  const channelNames = new Map(channels.map(({ id, name }) => [id, name]));
  const written = {
    spillway: "config/1",
    everyone: fileLimits(everyone.limits),
    ...(await catalogOf(context)),
    tiers: record(rows.tiers, (tier) => [
      tier.slug,
      {
        name: tier.name,
        ladder: tier.ladder ?? {},
        keyDaysMax: tier.keyDaysMax,
        limits: fileLimits(rows.limits.filter(({ tierId }) => tierId === tier.id)),
      },
    ]),
    tenants: record(tenants, ({ slug, name, tierId, timeZone, status, featureClasses, classPermits }) => [
      slug,
      {
        name,
        tier: tierSlugs.get(tierId),
        timeZone,
        status,
        features: featureClasses,
        ...(Object.keys(classPermits).length === 0 ? {} : { classes: classPermits }),
      },
    ]),
    budgets: record(budgets, ({ slug, tenantId, ...row }) => [slug, budgetFile(row, tenantSlugs.get(tenantId ?? ""))]),
    alertRules: record(rules, ({ name, params: watch, severity, channelIds, enabled, brake }) => [
      name,
      { watch, severity, channels: channelIds.flatMap((id) => channelNames.get(id) ?? []), enabled, brake },
    ]),
    staff: record(staff, ({ email, name, role, tenants, banned: disabled }) => [
      email,
      { name, role, disabled, tenants },
    ]),
  };
  return {
    version,
    file: readable(written),
    everyoneVersion: everyone.version,
    tierVersions: new Map(rows.tiers.map((tier) => [tier.slug, tier.version])),
    limitIds: new Map(
      rows.limits.map((limit) => [`${tierSlugs.get(limit.tierId ?? "") ?? ""} ${limit.name}`, limit.id]),
    ),
    budgets: new Map(budgets.map((row) => [row.slug, { id: row.id, version: row.version }])),
    ruleIds: new Map(rules.map(({ id, name }) => [name, id])),
    staffIds: new Map(staff.map(({ id, email }) => [email, id])),
    channelIds: new Map(channels.map(({ id, name }) => [name, id])),
  };
}

async function catalogOf({ db, clock }: ConsoleContext) {
  const { providers, models, prices } = await listCatalog(db);
  const providerSlugs = new Map(providers.map(({ id, slug }) => [id, slug]));
  const current = new Map(prices.map((row) => [row.modelId, priceWords(priceOf(row))]));
  const later = (await readPrices(db, null)).filter(({ price }) => price.validFrom.getTime() > clock.now()).reverse();
  return {
    providers: record(providers, ({ slug, credentials, ...row }) => [
      slug,
      {
        ...only(row, providerFile),
        credentials: shownCredentials(credentials).map(({ name, weight, credentialEnv }) => ({
          name,
          weight,
          credentialEnv,
        })),
      },
    ]),
    models: record(models, ({ id, slug, providerId, ...row }) => [
      slug,
      {
        ...only(row, modelFile),
        provider: providerSlugs.get(providerId),
        price: current.get(id),
        laterPrices: laterPrices(later.flatMap(({ price, model }) => (model === slug ? price : []))),
      },
    ]),
  };
}

/** Announced prices, earliest first. Of several that start at one moment, the last one entered replaced the others. */
function laterPrices(rows: readonly Awaited<ReturnType<typeof readPrices>>[number]["price"][]) {
  const entries = rows.map((price) => [price.validFrom.toISOString(), priceWords(priceOf(price))] as const);
  return [...new Map(entries)].map(([validFrom, words]) => ({ validFrom, ...words }));
}

/** Columns that a file knows; the others are what Spillway notes itself. */
function only(row: object, { shape }: { readonly shape: object }) {
  return Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(shape, name)));
}

type BudgetRow = Omit<Awaited<ReturnType<typeof readBudgets>>[number], "slug" | "tenantId">;

function budgetFile(row: BudgetRow, tenant: string | undefined) {
  const { level, target, period, windowSeconds, timeZone, amountMicroUsd, thresholds, carryOver } = row;
  return {
    level,
    tenant,
    target: target ?? undefined,
    period,
    windowSeconds: windowSeconds ?? undefined,
    timeZone,
    amountMicroUsd,
    thresholds,
    carryOver,
  };
}

function record<Row, Value>(rows: readonly Row[], entryOf: (row: Row) => readonly [string, Value]) {
  return Object.fromEntries(rows.map(entryOf));
}

function fileLimits(rows: readonly StoredLimit[]) {
  const { limits, unreadable } = readableLimits(rows);
  if (unreadable.length > 0) throw unreadableRow(`limits ${unreadable.join(", ")}`);
  return limits.map(({ id: _id, ...limit }) => limit);
}

/** Throws if a row cannot be read, because a file without it would claim that it does not exist. */
function readable(written: z.input<typeof configFile> | object): ConfigFile {
  const parsed = configFile.safeParse(written);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadableRow(`${issue?.path.map(String).join(".") ?? ""} (${issue?.message ?? ""})`);
}

function unreadableRow(what: string): PublicError {
  return new PublicError("conflict", `The database contains unreadable rows: ${what}. Save them again first.`);
}
