import { randomUUID } from "node:crypto";
import { z } from "zod";
import { lockBudgets, rebookBudget } from "@/db/queries/books/budget-spend";
import { findKey } from "@/db/queries/limits/config";
import {
  type BudgetInsert,
  type BudgetRecord,
  deleteBudget,
  insertBudget,
  lockBudget,
  readBudgetEvents,
  readBudgets,
  updateBudget,
} from "@/db/queries/money/budgets";
import { digest, userDigest } from "@/lib/admission/digest";
import { DAY_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { TAG_MEANT, tagMeant } from "@/lib/limits/rules/tags";
import { BUDGET_ACTIONS, BUDGET_LEVELS, BUDGET_PERIODS, isOne } from "@/lib/policy/budget";
import { isTimeZone } from "@/lib/policy/calendar";
import { UNITS_MAX } from "@/lib/policy/rows/limit-bounds";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment, type reasonOnly } from "../kernel/input";
import { keepForUndo, restoreRemoved } from "../records/restore";
import { ownIds } from "../scope/scoped";
import { tenantBySlug } from "../tenants/tenants";
import { budgetView, rowOf } from "./budget-view";
import { periodOf, restoreBudgets } from "./restore-budgets";

const money = z.number().int().min(0).max(UNITS_MAX);
const threshold = z.strictObject({ percent: z.number().min(1).max(200), action: z.enum(BUDGET_ACTIONS) });
const DEFAULT_THRESHOLDS: z.infer<typeof threshold>[] = [
  { percent: 50, action: "alert" },
  { percent: 80, action: "alert" },
  { percent: 95, action: "degrade" },
  { percent: 100, action: "refuse" },
];
const thresholds = z
  .array(threshold)
  .max(10)
  .refine((steps) => steps.every((step, at) => at === 0 || (steps[at - 1]?.percent ?? 0) < step.percent), {
    message: "percentages must rise",
  })
  .refine(
    (steps) => ["degrade", "queue", "refuse"].every((one) => steps.filter(({ action }) => action === one).length < 2),
    {
      message: "at most one threshold may degrade, one may queue, and one may refuse",
    },
  );

export const newBudget = z
  .strictObject({
    slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes, at most 63"),
    level: z.enum(BUDGET_LEVELS),
    /** not for the global level, and for every other one */
    tenant: z.string().min(1).max(128).optional(),
    /** a user's name, a key's id, a feature, session, agent or model; absent = each one of the tenant's has this much. Of tags always: the name, or name=value */
    target: z.string().min(1).max(512).optional(),
    period: z.enum(BUDGET_PERIODS),
    windowSeconds: z
      .number()
      .int()
      .min(60)
      .max(366 * DAY_SECONDS)
      .optional(),
    /** absent = the tenant's, UTC for the global level */
    timeZone: z.string().max(64).refine(isTimeZone, "is not a time zone such as Europe/Berlin").optional(),
    amountMicroUsd: money,
    thresholds: thresholds.default(DEFAULT_THRESHOLDS),
    carryOver: z.boolean().default(false),
  })
  .refine((input) => (input.level === "global") === (input.tenant === undefined), {
    message: "every level except global needs a tenant",
    path: ["tenant"],
  })
  .refine((input) => input.target === undefined || (input.level !== "global" && input.level !== "tenant"), {
    message: "a budget of the global or tenant level has no target",
    path: ["target"],
  })
  .refine((input) => input.level !== "tag" || (input.target !== undefined && tagMeant(input.target) !== null), {
    message: `a budget of the level tag has a target: ${TAG_MEANT}`,
    path: ["target"],
  })
  .refine((input) => (input.period === "rolling") === (input.windowSeconds !== undefined), {
    message: "windowSeconds is required for a rolling budget and not allowed otherwise",
    path: ["windowSeconds"],
  })
  .refine((input) => !input.carryOver || input.period !== "rolling", {
    message: "a rolling budget cannot carry over",
    path: ["carryOver"],
  });

export const editedBudget = z.strictObject({
  /** the version that was read; 409 if another version is in force */
  version: z.number().int().min(1),
  amountMicroUsd: money.optional(),
  thresholds: thresholds.optional(),
  carryOver: z.boolean().optional(),
  reason: z.string().trim().min(1).max(500).optional(),
});

export const raiseInput = z.strictObject({
  byMicroUsd: money.min(1),
  forSeconds: z
    .number()
    .int()
    .min(60)
    .max(92 * DAY_SECONDS),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
});

export const budgetsQuery = z.object({ tenant: z.string().max(128).optional() });

/**
 * GET /api/admin/budgets?tenant=: with spend, remaining amount and forecast. Those of all tenants together are not for
 * operators of some.
 */
export async function listBudgets({ context, actor, input: { tenant: slug } }: AdminRequest<typeof budgetsQuery>) {
  await context.drainBooks();
  const found = await readBudgets(context.db, slug === undefined ? null : tenantBySlug(context, slug).id);
  const own = ownIds(context, actor.tenants);
  const rows = own === null ? found : found.filter((row) => row.tenantId !== null && own.includes(row.tenantId));
  const now = context.clock.now();
  const budgets = await Promise.all(rows.map((row) => budgetView(context, row, now)));
  return { body: { budgets }, clock: new Date(now).toISOString() };
}

/** POST /api/admin/budgets: in force for the next call. It includes the cost of the current period so far. */
export async function createBudget({ context, actor, input }: AdminRequest<typeof newBudget>) {
  const tenant = input.tenant === undefined ? null : tenantBySlug(context, input.tenant);
  const { booked, counted } = await targetOf(context, tenant?.id ?? "", input);
  if (input.carryOver && !isOne({ level: input.level, target: input.target ?? null })) {
    const message = "Carry-over needs one subject. Name a target.";
    throw new PublicError("invalid_value", message, { param: "carryOver" });
  }
  checkBelowTenant(context, tenant?.id ?? null, input);
  const { tenant: _slug, target, timeZone, windowSeconds, ...rest } = input;
  const row: BudgetInsert & { id: string } = {
    id: `bud_${randomUUID().replaceAll("-", "").slice(0, 20)}`,
    ...rest,
    tenantId: tenant?.id ?? null,
    target: target ?? null,
    targetBooked: booked,
    targetCounted: counted,
    windowSeconds: windowSeconds ?? null,
    timeZone: timeZone ?? tenant?.timeZone ?? "UTC",
    createdBy: actor.name,
    createdAt: new Date(context.clock.now()),
  };
  await context.drainBooks();
  await change(context, actor, async (tx) => {
    if (!(await insertBudget(tx, row, startOf(row, context.clock.now())))) {
      throw new PublicError("conflict", `A budget "${input.slug}" already exists.`, { param: "slug" });
    }
    return {
      result: null,
      change: { action: "budgets.create", target: input.slug, before: null, after: input, reason: null },
    };
  });
  const stored = await recordOf(context, row.id);
  await restoreOne(context, stored);
  return { status: 201, body: await budgetView(context, stored, context.clock.now()) };
}

/** PUT /api/admin/budgets/{id}: another amount, thresholds or carrying over, for the next call. What was spent stays. */
export async function editBudget({ context, actor, params, input }: AdminRequest<typeof editedBudget>) {
  const { version, reason, ...set } = input;
  const edited = await change(context, actor, async (tx) => {
    const row = await locked(tx, params.id);
    if (row.version !== version) {
      const details = { yours: version, current: editable(row) };
      throw new PublicError("conflict", `This budget has changed since version ${version}.`, { details });
    }
    if (set.carryOver === true && (row.period === "rolling" || !isOne(rowOf(context, row)))) {
      throw new PublicError("invalid_value", "This budget cannot have carry-over.", { param: "carryOver" });
    }
    const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
    const after = await updateBudget(tx, row.id, { ...given, version: row.version + 1 });
    const entry = { action: "budgets.edit", target: row.slug, before: editable(row), after: editable(after) };
    return { result: after, change: { ...entry, reason: reason ?? null } };
  });
  return { body: await budgetView(context, edited, context.clock.now()) };
}

/** POST /api/admin/budgets/{id}/raise: raises the amount for a while; the raise expires automatically. */
export async function raiseBudget({ context, actor, params, input }: AdminRequest<typeof raiseInput>) {
  const raised = await change(context, actor, async (tx) => {
    const row = await locked(tx, params.id);
    const raiseUntil = new Date(context.clock.now() + input.forSeconds * 1000);
    const after = await updateBudget(tx, row.id, { raiseMicroUsd: input.byMicroUsd, raiseUntil });
    const before = { raiseMicroUsd: row.raiseMicroUsd, raiseUntil: row.raiseUntil?.toISOString() ?? null };
    const entry = {
      action: "budgets.raise",
      target: row.slug,
      before,
      after: { ...input, until: raiseUntil.toISOString() },
    };
    return { result: after, change: { ...entry, reason: input.reason } };
  });
  return { body: await budgetView(context, raised, context.clock.now()) };
}

/** DELETE /api/admin/budgets/{id}: it stops refusing. Its spend counter is deleted; the ledger is kept. */
export async function removeBudget({ context, actor, params, input }: AdminRequest<typeof reasonOnly>) {
  const { reason } = input;
  const removed = await change(context, actor, async (tx) => {
    const row = await locked(tx, params.id);
    await keepForUndo(tx, { kind: "budget", id: row.id, nowMs: context.clock.now() });
    await deleteBudget(tx, row.id);
    const entry = { action: "budgets.remove", target: row.slug, before: editable(row), after: null };
    return { result: row.slug, change: { ...entry, reason: reason ?? null } };
  });
  return { body: { removed } };
}

/**
 * POST /api/admin/budgets/{id}/restore: undoes a removal. Id, carried amount, raise and passed thresholds are as they
 * were. What was spent meanwhile counts: the spend is booked again from the ledger.
 */
export async function restoreBudget({ context, actor, params }: AdminRequest) {
  await context.drainBooks();
  const nowMs = context.clock.now();
  const restored = await change(context, actor, async (tx) => {
    await lockBudgets(tx);
    const { removedAtMs } = await restoreRemoved(tx, { kind: "budget", id: params.id ?? "", nowMs });
    const row = await locked(tx, params.id);
    // From the period of the removal on: carry-over into a newer one needs the spend of that.
    await rebookBudget(tx, row.id, startOf(row, removedAtMs));
    const entry = { action: "budgets.restore", target: row.slug, before: null, after: editable(row), reason: null };
    return { result: row, change: entry };
  });
  await restoreOne(context, restored);
  return { body: await budgetView(context, restored, context.clock.now()) };
}

export const eventsQuery = z.strictObject({ since: moment.default("1970-01-01T00:00:00Z") });

/** GET /api/admin/budgets/{id}/events?since=: thresholds that were passed, in the order in which they were. */
export async function listBudgetEvents({ context, params, input }: AdminRequest<typeof eventsQuery>) {
  const { since } = input;
  await context.drainBooks();
  const rows = await readBudgetEvents(context.db, [params.id ?? ""], new Date(since));
  return {
    body: {
      events: rows.map(({ at, periodStart, ...row }) => ({
        ...row,
        at: at.toISOString(),
        periodStart: periodStart.toISOString(),
      })),
    },
  };
}

async function locked(tx: Parameters<typeof lockBudget>[0], id: string | undefined): Promise<BudgetRecord> {
  const row = await lockBudget(tx, id ?? "");
  if (row === null) throw new PublicError("not_found", "There is no such budget.");
  return row;
}

async function recordOf(context: ConsoleContext, id: string): Promise<BudgetRecord> {
  const row = (await readBudgets(context.db, null)).find((one) => one.id === id);
  if (row === undefined) throw new PublicError("not_found", "There is no such budget.");
  return row;
}

/** The counters of a budget that starts within its period start with the spend so far. */
async function restoreOne(context: ConsoleContext, record: BudgetRecord): Promise<void> {
  const { db, admission, digestSecret, clock } = context;
  const { snapshot } = context.policy;
  const budgets = [rowOf(context, record)];
  await restoreBudgets({ db, admission, snapshot, budgets, digestSecret, now: clock.now() });
}

/** From when on the ledger matters to it: this period, and the one before for rolling windows. */
function startOf(row: Pick<BudgetInsert, "period" | "timeZone" | "windowSeconds">, now: number): Date {
  const period = BUDGET_PERIODS.find((known) => known === row.period) ?? "day";
  const like = { period, timeZone: row.timeZone ?? "UTC", windowSeconds: row.windowSeconds ?? null };
  const { startMs, lastMs } = periodOf(like, now);
  return new Date(lastMs ?? startMs);
}

/** What a target is called in the ledger and in counters. */
async function targetOf(context: ConsoleContext, tenantId: string, input: z.infer<typeof newBudget>) {
  const { level, target } = input;
  if (target === undefined) return { booked: null, counted: null };
  if (level === "user") {
    const id = userDigest(context.digestSecret, tenantId, target);
    return { booked: id, counted: id };
  }
  if (level === "feature" || level === "session" || level === "agent")
    return { booked: target, counted: digest(context.digestSecret, level, tenantId, target) };
  if (level === "tag") {
    const isOneValue = target.includes("=");
    return isOneValue
      ? { booked: target, counted: digest(context.digestSecret, "tag", tenantId, target) }
      : { booked: null, counted: null };
  }
  if (level === "model") {
    const model = context.policy.snapshot.models.get(target);
    if (model === undefined)
      throw new PublicError("invalid_value", `There is no model "${target}".`, { param: "target" });
    return { booked: target, counted: model.id };
  }
  const key = await findKey(context.db, target);
  if (key?.tenantId !== tenantId)
    throw new PublicError("invalid_value", "This tenant has no such key.", { param: "target" });
  return { booked: key.familyId, counted: key.familyId };
}

/** A part of a tenant may not be promised more than the tenant has. */
function checkBelowTenant(context: ConsoleContext, tenantId: string | null, input: z.infer<typeof newBudget>): void {
  if (input.level === "tenant" || tenantId === null) return;
  const above = context.policy.snapshot.budgets.find(
    (row) =>
      row.level === "tenant" &&
      row.tenantId === tenantId &&
      row.period === input.period &&
      row.windowSeconds === (input.windowSeconds ?? null) &&
      row.amountMicroUsd < input.amountMicroUsd,
  );
  if (above === undefined) return;
  const message = `The amount exceeds the tenant's own budget ("${above.slug}").`;
  throw new PublicError("invalid_value", message, { param: "amountMicroUsd" });
}

/** What an edit may change, for the audit log and for conflicts. */
function editable({ slug, version, amountMicroUsd, thresholds: steps, carryOver }: BudgetRecord) {
  return { slug, version, amountMicroUsd, thresholds: steps, carryOver };
}
