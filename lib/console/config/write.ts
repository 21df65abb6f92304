import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { own } from "@/lib/money/own";
import { createStaff, editStaff } from "../access/staff";
import { createRule, editRule, removeRule } from "../alerts/alerts";
import type { AdminRequest } from "../kernel/door";
import { putEveryone } from "../limits/everyone";
import { createBudget, editBudget, newBudget, removeBudget } from "../money/budgets";
import { addPrice, priceInput } from "../money/prices";
import { putModel, putProvider } from "../providers/catalog";
import { putClasses, putFeature } from "../tenants/features";
import { createTenant, editTenant } from "../tenants/tenants";
import { createTier, publishTier } from "../tiers/tiers";
import type { ConfigFile } from "./config-file";
import { differences } from "./differences";
import type { LiveConfig } from "./live-config";
import { type Objects, objectsOf } from "./objects";
import type { PlannedChange } from "./plan";

export type Job = Pick<AdminRequest, "context" | "actor"> & {
  readonly file: ConfigFile;
  readonly live: LiveConfig;
  readonly source: string;
  readonly now: number;
};

/** A new password, to be shown once. */
export type FirstPassword = { readonly email: string; readonly password: string };

/** Does one planned change by the verb that the console uses for it: with its checks, audit row and policy version. */
export async function write(job: Job, { kind, name, act }: PlannedChange): Promise<FirstPassword | null> {
  switch (kind) {
    case "provider":
      await writeProvider(job, name);
      return null;
    case "model":
      await writeModel(job, name);
      return null;
    case "everyone":
      await writeEveryone(job);
      return null;
    case "tier":
      await writeTier(job, name);
      return null;
    case "tenant":
      await writeTenant(job, name);
      return null;
    case "budget":
      await writeBudget(job, name, act);
      return null;
    case "alert-rule":
      await writeRule(job, name, act);
      return null;
    case "operator":
      return writeOperator(job, name);
    default:
      return kind satisfies never;
  }
}

function request({ context, actor }: Job, params: Readonly<Record<string, string>> = {}) {
  return { context, actor, params };
}

function entryOf<One>(section: Readonly<Record<string, One>> | undefined, name: string): One {
  const one = own(section, name);
  if (one === undefined) throw new Error("a planned change is not in the file");
  return one;
}

async function writeProvider(job: Job, name: string): Promise<void> {
  await putProvider({ ...request(job, { slug: name }), input: entryOf(job.file.providers, name) });
}

async function writeModel(job: Job, name: string): Promise<void> {
  const { models } = job.context.policy.snapshot;
  // Models may be fallbacks of each other, so new models are created first, without fallbacks.
  for (const fallback of entryOf(job.file.models, name).fallbacks ?? [])
    if (fallback !== name && !models.has(fallback)) await writeFacts(job, fallback, { fallbacks: [] });
  const isOther = await writeFacts(job, name, {});
  await writePrices(job, name, isOther);
}

/** A model's row with the price in force; false when the row is as the file has it. */
async function writeFacts(job: Job, name: string, more: { fallbacks?: string[] }): Promise<boolean> {
  const { price: _price, laterPrices: _later, upstreamName, ...facts } = entryOf(job.file.models, name);
  const known = own(job.live.file.models, name);
  const [before, after] = [
    pricesOf(objectsOf(job.live.file, job.now), name),
    pricesOf(objectsOf(job.file, job.now), name),
  ];
  const input = { ...facts, upstreamName: upstreamName ?? known?.upstreamName ?? name, ...more };
  if (known !== undefined && differences(known, input).length === 0) return false;
  // A model is written together with a price: where the file has none, with the one in force.
  const written = after.price ?? before.price;
  const withPrice = written === undefined ? input : { ...input, price: written };
  await putModel({ ...request(job, { slug: name }), input: withPrice });
  return true;
}

/** Prices that the file has and the installation has not; the one in force only when it was not written with the row. */
async function writePrices(job: Job, name: string, isWritten: boolean): Promise<void> {
  const { source } = job;
  const [before, after] = [
    pricesOf(objectsOf(job.live.file, job.now), name),
    pricesOf(objectsOf(job.file, job.now), name),
  ];
  if (!isWritten && after.price !== undefined && !isDeepStrictEqual(after.price, before.price))
    await addPrice({ ...request(job), input: priceInput.parse({ model: name, ...after.price, source }) });
  for (const [validFrom, later] of Object.entries(after.laterPrices)) {
    if (isDeepStrictEqual(own(before.laterPrices, validFrom), later)) continue;
    await addPrice({ ...request(job), input: priceInput.parse({ model: name, validFrom, ...later, source }) });
  }
}

const { model: _model, validFrom: _from, source: _source, ...rates } = priceInput.shape;
const price = z.strictObject(rates);
const prices = z.object({ price: price.optional(), laterPrices: z.record(z.string(), price).default({}) });

function pricesOf(objects: Objects, name: string): z.infer<typeof prices> {
  return prices.parse(objects.model?.get(name) ?? {});
}

async function writeEveryone(job: Job): Promise<void> {
  const limits = (job.file.everyone ?? []).map((limit) => ({ ...limit, ...idOf(job, "", limit.name) }));
  await putEveryone({ ...request(job), input: { version: job.live.everyoneVersion, limits, comment: job.source } });
}

function idOf({ live }: Job, tier: string, limit: string): { id?: string } {
  const id = live.limitIds.get(`${tier} ${limit}`);
  return id === undefined ? {} : { id };
}

async function writeTier(job: Job, slug: string): Promise<void> {
  const { name, ladder, keyDaysMax, limits } = entryOf(job.file.tiers, slug);
  const version = job.live.tierVersions.get(slug);
  const comment = job.source;
  if (version === undefined) {
    await createTier({ ...request(job), input: { slug, name, ladder, keyDaysMax, limits, comment } });
    return;
  }
  const withIds = limits.map((limit) => ({ ...limit, ...idOf(job, slug, limit.name) }));
  await publishTier(request(job), slug, { slug, version, limits: withIds, ladder, keyDaysMax, comment });
}

async function writeTenant(job: Job, slug: string): Promise<void> {
  const { name, tier, timeZone, status, features, classes } = entryOf(job.file.tenants, slug);
  const known = own(job.live.file.tenants, slug);
  if (known === undefined) await createTenant({ ...request(job), input: { slug, name, tier, timeZone } });
  const params = { slug };
  const isOther = known !== undefined && (known.name !== name || known.tier !== tier || known.timeZone !== timeZone);
  const isOtherStatus = status !== undefined && status !== (known?.status ?? "active");
  if (isOther || isOtherStatus)
    await editTenant({ ...request(job, params), input: { name, tier, timeZone, status, reason: job.source } });
  const before = known?.features ?? {};
  const named = features === undefined ? [] : [...new Set([...Object.keys(before), ...Object.keys(features)])];
  for (const feature of named.filter((one) => own(before, one) !== own(features, one))) {
    const input = { costClass: own(features, feature) ?? null };
    await putFeature({ ...request(job, { slug, feature }), input });
  }
  if (classes !== undefined && !isDeepStrictEqual(classes, known?.classes))
    await putClasses({ ...request(job, params), input: classes });
}

async function writeBudget(job: Job, slug: string, act: PlannedChange["act"]): Promise<void> {
  const known = job.live.budgets.get(slug);
  const params = { id: known?.id ?? "" };
  if (act === "remove" || act === "replace")
    await removeBudget({ ...request(job, params), input: { reason: job.source } });
  if (act === "remove") return;
  const budget = entryOf(job.file.budgets, slug);
  if (act === "change" && known !== undefined) {
    const { amountMicroUsd, thresholds, carryOver } = budget;
    const input = { version: known.version, amountMicroUsd, thresholds, carryOver, reason: job.source };
    await editBudget({ ...request(job, params), input });
    return;
  }
  await createBudget({ ...request(job), input: newBudget.parse({ slug, ...budget }) });
}

async function writeRule(job: Job, name: string, act: PlannedChange["act"]): Promise<void> {
  const id = job.live.ruleIds.get(name);
  const params = { id: id ?? "" };
  if (act === "remove") {
    await removeRule({ ...request(job, params), input: {} });
    return;
  }
  const { channels, ...rule } = entryOf(job.file.alertRules, name);
  const ids = channels.flatMap((channel) => job.live.channelIds.get(channel) ?? []);
  const input = { ...rule, name, channels: ids };
  await (id === undefined ? createRule({ ...request(job), input }) : editRule({ ...request(job, params), input }));
}

const created = z.object({ id: z.string(), email: z.string(), password: z.string() });

async function writeOperator(job: Job, email: string): Promise<FirstPassword | null> {
  const { name, role, tenants, disabled } = entryOf(job.file.staff, email);
  const id = job.live.staffIds.get(email);
  if (id !== undefined) {
    await editStaff({ ...request(job, { id }), input: { role, tenants, disabled, reason: job.source } });
    return null;
  }
  const { body } = await createStaff({ ...request(job), input: { email, name, role, tenants: tenants ?? null } });
  const made = created.parse(body);
  if (disabled) await editStaff({ ...request(job, { id: made.id }), input: { disabled, reason: job.source } });
  return { email: made.email, password: made.password };
}
