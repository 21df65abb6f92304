import { z } from "zod";
import { findProvider } from "@/db/queries/catalog/catalog";
import { readSpend } from "@/db/queries/money/budgets";
import { putProviderUsage, readProviderUsage, spentSince } from "@/db/queries/money/reconcile";
import { bookedByDay } from "@/db/queries/money/usage";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { calendarBounds } from "@/lib/policy/calendar";
import { applied } from "@/lib/policy/compile";
import type { CompiledLimit } from "@/lib/policy/policy";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import type { Model } from "@/lib/providers/catalog";
import { readUsageExport } from "@/lib/providers/usage-export";
import { quotaOf } from "@/lib/quota/quota";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { calendarDay } from "../kernel/input";
import { tenantBySlug } from "../tenants/tenants";
import { periodOf } from "./restore-budgets";
import { csvFile } from "./usage";

const TEXT_CHARS_MAX = 900_000;
const day = calendarDay;

export const importInput = z.strictObject({
  provider: z.string().min(1).max(128),
  /** the export as it was downloaded: JSON pages of the usage or cost API, or CSV */
  content: z.string().min(1).max(TEXT_CHARS_MAX),
});
export const repairInput = z.strictObject({
  tenant: z.string().min(1).max(128),
  /** a budget, or a calendar limit of the tenant in money */
  limit: z.string().min(1).max(63),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
});
export const driftQuery = z.strictObject({
  provider: z.string().min(1).max(128),
  from: day.optional(),
  to: day.optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

/** One day of one model: what we booked, what the provider says, and the difference. */
export type DriftLine = {
  readonly day: string;
  readonly model: string;
  readonly bookedCalls: number;
  readonly billedCalls: number | null;
  readonly bookedInputTokens: number;
  readonly billedInputTokens: number | null;
  readonly bookedOutputTokens: number;
  readonly billedOutputTokens: number | null;
  readonly bookedMicroUsd: number;
  readonly billedMicroUsd: number | null;
  /** billed minus booked; null if the export has no money */
  readonly driftMicroUsd: number | null;
};

/** POST /api/admin/reconciliation/imports: a provider's usage or cost export takes the place of what was known of its days. */
export async function importUsage({ context, actor, input }: AdminRequest<typeof importInput>) {
  const { provider: slug, content } = input;
  const provider = await findProvider(context.db, slug);
  if (provider === null)
    throw new PublicError("invalid_value", `There is no provider "${slug}".`, { param: "provider" });
  const lines = linesOf(content);
  const importedAt = new Date(context.clock.now());
  const days = [...new Set(lines.map((line) => line.day))].sort();
  const summary = { lines: lines.length, days: days.length, firstDay: days.at(0) ?? "", lastDay: days.at(-1) ?? "" };
  await change(context, actor, async (tx) => {
    await putProviderUsage(
      tx,
      lines.map(({ day: date, ...line }) => ({
        ...line,
        day: new Date(`${date}T00:00:00Z`),
        providerId: provider.id,
        importedAt,
      })),
    );
    const entry = { action: "reconciliation.import", target: slug, before: null, after: summary, reason: null };
    return { result: null, change: entry };
  });
  return { status: 201, body: { provider: slug, ...summary } };
}

function linesOf(content: string) {
  try {
    return readUsageExport(content);
  } catch (error) {
    const message = error instanceof Error ? error.message : "it cannot be read";
    throw new PublicError("invalid_value", `The export cannot be imported: ${message}.`, { param: "content" });
  }
}

/** GET /api/admin/reconciliation?provider=&from=&to=&format=: our ledger against the provider's export, per day and model. */
export async function readReconciliation({ context, input }: AdminRequest<typeof driftQuery>) {
  const provider = await findProvider(context.db, input.provider);
  if (provider === null) throw new PublicError("not_found", "There is no such provider.", { param: "provider" });
  await context.drainBooks();
  const now = context.clock.now();
  const to = new Date(input.to === undefined ? now + DAY_MS : Date.parse(`${input.to}T00:00:00Z`) + DAY_MS);
  const from = new Date(input.from === undefined ? now - 35 * DAY_MS : Date.parse(`${input.from}T00:00:00Z`));
  const models = [...context.policy.snapshot.models.values()].filter((model) => model.provider.id === provider.id);
  const [booked, billed] = await Promise.all([
    bookedDays(context, { models: models.map(({ slug }) => slug), from, to }),
    readProviderUsage(context.db, { providerId: provider.id, from, to }),
  ]);
  const lines = new Map<string, DriftLine>();
  const at = (date: Date, model: string) => {
    const line = { day: date.toISOString().slice(0, 10), model };
    const id = `${line.day} ${model}`;
    return { id, known: lines.get(id) ?? { ...line, ...NOTHING } };
  };
  for (const row of booked) {
    const { id, known } = at(row.day, row.model);
    const sums = { bookedCalls: row.calls, bookedInputTokens: row.inputTokens, bookedOutputTokens: row.outputTokens };
    lines.set(id, { ...known, ...sums, bookedMicroUsd: row.costMicroUsd });
  }
  for (const row of billed) {
    const { id, known } = at(row.day, ourModel(row.model, models));
    lines.set(id, {
      ...known,
      billedCalls: (known.billedCalls ?? 0) + row.calls,
      billedInputTokens: (known.billedInputTokens ?? 0) + row.inputTokens,
      billedOutputTokens: (known.billedOutputTokens ?? 0) + row.outputTokens,
      billedMicroUsd: row.costMicroUsd === null ? known.billedMicroUsd : (known.billedMicroUsd ?? 0) + row.costMicroUsd,
    });
  }
  const rows = [...lines.values()]
    .map((line) => ({
      ...line,
      driftMicroUsd: line.billedMicroUsd === null ? null : line.billedMicroUsd - line.bookedMicroUsd,
    }))
    .sort((left, right) => `${left.day} ${left.model}`.localeCompare(`${right.day} ${right.model}`));
  if (input.format === "csv") return { file: csvFile("reconciliation.csv", rows) };
  return { body: { provider: input.provider, rows } };
}

/**
 * Our figures per day and model. Days before yesterday are kept for ten minutes: a month of thousands of keys has a
 * million sums.
 */
export async function bookedDays(
  { db, shared, clock }: Pick<ConsoleContext, "db" | "shared" | "clock">,
  { models, from, to }: Parameters<typeof bookedByDay>[1],
) {
  const closed = new Date((Math.floor(clock.now() / DAY_MS) - 1) * DAY_MS);
  const asked = { models, from: new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS), to: to < closed ? to : closed };
  const [before, since] = await Promise.all([
    from < closed ? shared.booked.get(JSON.stringify(asked), () => bookedByDay(db, asked)) : [],
    to > closed ? bookedByDay(db, { models, from: from > closed ? from : closed, to }) : [],
  ]);
  return [...before, ...since];
}

const NOTHING = {
  bookedCalls: 0,
  bookedInputTokens: 0,
  bookedOutputTokens: 0,
  bookedMicroUsd: 0,
  billedCalls: null,
  billedInputTokens: null,
  billedOutputTokens: null,
  billedMicroUsd: null,
  driftMicroUsd: null,
} satisfies Omit<DriftLine, "day" | "model">;

/** Our name of a model in an export, including dated versions; otherwise the export's name. */
function ourModel(name: string, models: readonly Model[]): string {
  const matches = models.filter(({ upstreamName }) => name === upstreamName || name.startsWith(`${upstreamName}-`));
  const [best] = matches.sort((left, right) => right.upstreamName.length - left.upstreamName.length);
  return best?.slug ?? (name === "" ? "all models" : name);
}

/** One money counter of a tenant: what the store counts, less what running calls hold, against what the ledger says. */
export type CounterDrift = {
  readonly tenant: string;
  readonly limit: string;
  readonly usedMicroUsd: number;
  readonly reservedMicroUsd: number;
  readonly bookedMicroUsd: number;
  readonly driftMicroUsd: number;
};

export const countersQuery = z.strictObject({ tenant: z.string().min(1).max(128) });

/** GET /api/admin/reconciliation/counters?tenant=: its calendar limits in money as counted and as booked. */
export async function readCounters({ context, input }: AdminRequest<typeof countersQuery>) {
  const { tenant: slug } = input;
  await context.drainBooks();
  const found = await moneyOf(context, tenantBySlug(context, slug).id);
  const counters = found.map(({ compiled: _compiled, subject: _subject, ...line }): CounterDrift => line);
  return { body: { tenant: slug, counters } };
}

/** The calendar limits in money that a tenant has as one subject, its own budgets included. */
async function moneyOf(context: ConsoleContext, tenantId: string) {
  const { snapshot } = context.policy;
  const tenant = snapshot.tenants.get(tenantId);
  if (tenant === undefined) return [];
  const now = context.clock.now();
  const { admission, reservedOf } = context;
  const policy = policyInForce(snapshot, tenantId, null);
  const none = {
    userDigest: null,
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: null,
    modelId: null,
    providerId: null,
    keyFamilyId: null,
  };
  const facts = { ...none, tenantId, tierId: tenant.tierId, endpoint: null };
  const quota = await quotaOf({ admission, policy, facts, now, reservedOf });
  const lines: (CounterDrift & { compiled: CompiledLimit; subject: string })[] = [];
  for (const line of quota.limits) {
    const compiled = policy.limits.find((one) => one.name === line.name && one.layer === line.layer);
    if (compiled === undefined || line.layer !== "tenant" || !isMoneyCalendar(compiled)) continue;
    const booked = await bookedFor(context, compiled, tenantId, now);
    const reserved = line.reserved ?? 0;
    lines.push({
      tenant: tenant.slug,
      limit: line.name,
      usedMicroUsd: line.used,
      reservedMicroUsd: reserved,
      bookedMicroUsd: booked,
      driftMicroUsd: line.used - reserved - booked,
      compiled,
      subject: `t:${tenantId}:tenant`,
    });
  }
  return lines;
}

function isMoneyCalendar(limit: CompiledLimit): boolean {
  return limit.dimension === "cost_micro_usd" && limit.calendar !== null && Object.keys(limit.match).length === 0;
}

async function bookedFor(
  context: ConsoleContext,
  limit: CompiledLimit,
  tenantId: string,
  now: number,
): Promise<number> {
  const budget = context.policy.snapshot.budgets.find((row) => row.id === limit.limitId);
  if (budget !== undefined) {
    const [spend] = await readSpend(context.db, [budget.id], new Date(periodOf(budget, now).startMs), 1);
    return spend?.spentMicroUsd ?? 0;
  }
  if (limit.calendar === null) return 0;
  const { startMs } = calendarBounds(limit.calendar.period, limit.calendar.zone, now);
  return spentSince(context.db, tenantId, new Date(startMs));
}

/** POST /api/admin/reconciliation/repair: sets one counter to the ledger's value plus running calls. */
export async function repairCounter({ context, actor, input }: AdminRequest<typeof repairInput>) {
  const tenant = tenantBySlug(context, input.tenant);
  await context.drainBooks();
  const line = (await moneyOf(context, tenant.id)).find((one) => one.limit === input.limit);
  if (line === undefined) {
    const message = `${input.tenant} has no calendar limit in money called "${input.limit}".`;
    throw new PublicError("not_found", message, { param: "limit" });
  }
  const { compiled, subject, ...before } = line;
  const used = line.bookedMicroUsd + line.reservedMicroUsd;
  const limit = applied(compiled, subject, context.clock.now());
  const after = { ...before, usedMicroUsd: used, driftMicroUsd: 0 };
  await change(context, actor, async () => {
    // Inside the change, so a value that the store rejects is not audited.
    await context.admission.raise([{ limit, used, usedBefore: 0 }], "set");
    const target = `${input.tenant}/${input.limit}`;
    return { result: null, change: { action: "reconciliation.repair", target, before, after, reason: input.reason } };
  });
  return { body: after };
}
