import { type SubjectSpend, spentWithin } from "@/db/queries/books/budget-spend";
import {
  type BudgetEventRow,
  type BudgetRecord,
  moversOf,
  readBudgetEvents,
  readSpend,
  refusedByBudget,
  userNames,
} from "@/db/queries/money/budgets";
import { leastRefused } from "@/db/queries/overview/activity";
import { readKeyNames } from "@/db/queries/tenants/tenancy";
import { HOUR_MS } from "@/lib/clock";
import { amountAt, type BudgetRow, boundsOf, compileBudget, isOne } from "@/lib/policy/budget";
import { applied } from "@/lib/policy/compile";
import { budgetForecast, type Forecast, NO_FORECAST } from "@/lib/quota/forecast";
import type { ConsoleContext } from "../kernel/context";
import { REFUSING_MS, refusesNow } from "./refusing";
import { countedSubject, periodOf } from "./restore-budgets";

const SUBJECTS_SHOWN = 20;

/** A budget with its spend, the remaining amount as the next call sees it, and its forecast. */
export type BudgetView = Awaited<ReturnType<typeof budgetView>>;

/** One subject of a budget. Money in micro-dollars; Admissions are decided on `used` and `left`. */
export type SpenderView = {
  readonly subject: string;
  readonly name: string;
  readonly bookedMicroUsd: number;
  readonly calls: number;
  readonly usedMicroUsd: number;
  readonly leftMicroUsd: number;
};

export async function budgetView(context: ConsoleContext, record: BudgetRecord, now: number) {
  const { db } = context;
  const row = rowOf(context, record);
  const lately = new Date(now - REFUSING_MS);
  const [spend, events, movers, refusedLately, least] = await Promise.all([
    spendOf(context, row, now),
    eventsOf(context, row, now),
    context.shared.movers.get(`${record.id} ${record.version}`, () =>
      moversOf(db, { ...record, since: new Date(now - HOUR_MS) }),
    ),
    refusedByBudget(db, {
      tenantId: record.tenantId,
      level: row.level,
      slug: row.slug,
      since: lately,
    }),
    leastRefused(db, record.tenantId === null ? null : [record.tenantId], lately),
  ]);
  const subjects = subjectsOf(row, spend);
  const names = await namesOf(context, record, [
    ...subjects.map(({ subject }) => ({ kind: row.level, subject })),
    ...movers.map(({ kind, subject }) => ({ kind, subject })),
  ]);
  const spenders = await spendersOf(context, { row, subjects, names, now });
  const nearest = spenders.reduce<SpenderView | null>(
    (best, one) => (best === null || one.leftMicroUsd < best.leftMicroUsd ? one : best),
    null,
  );
  const isShared = subjects.length === 1 && isOne(row);
  const burn = movers.find((mover) => mover.kind === "all")?.spentMicroUsd ?? 0;
  const settings = settingsOf(context, record, now);
  // A larger amount, or a raise, makes a threshold one that is still ahead. Its event stays in the list of events.
  const isPast = (percent: number) => (nearest?.usedMicroUsd ?? 0) >= (settings.inForceMicroUsd * percent) / 100;
  return {
    ...settings,
    thresholds: row.thresholds.map((step) => ({
      ...step,
      passed: isPast(step.percent) ? passedOf(events, step.percent) : null,
    })),
    spenders,
    nearest,
    forecast: {
      burnMicroUsdPerHour: burn,
      ...(isShared ? forecastOf(row, { left: nearest?.leftMicroUsd ?? 0, perHour: burn, now }) : NO_FORECAST),
      /** calls that it has refused in the last minutes: it refuses those that no longer fit before nothing is left */
      refusedLately,
      isRefusing:
        nearest !== null &&
        refusesNow(
          { layer: row.level, dimension: "cost_micro_usd", name: row.slug, remaining: nearest.leftMicroUsd },
          least,
        ),
      movers: movers
        .filter((mover) => mover.kind !== "all")
        .slice(0, MOVERS_SHOWN)
        .map((mover) => ({ ...mover, name: names(mover.kind, mover.subject) })),
    },
  };
}

/** What its calls cost in its period; of a rolling budget in the window that ends now, as its counter has it. */
async function spendOf(context: ConsoleContext, row: BudgetRow, now: number): Promise<readonly SubjectSpend[]> {
  const { db, shared } = context;
  const since = new Date(beginOf(row, now));
  if (row.period !== "rolling") return readSpend(db, [row.id], since, SUBJECTS_SHOWN);
  return shared.rolling.get(row.id, () => spentWithin(db, { id: row.id, since, most: SUBJECTS_SHOWN }));
}

/** Its passed thresholds since then, in order. They are kept by period; of a rolling budget by aligned window. */
async function eventsOf(context: ConsoleContext, row: BudgetRow, now: number): Promise<readonly BudgetEventRow[]> {
  const { startMs, lastMs } = periodOf(row, now);
  const events = await readBudgetEvents(context.db, [row.id], new Date(lastMs ?? startMs));
  return events.filter((event) => event.at.getTime() >= beginOf(row, now));
}

/** From when on calls count in it now; epoch ms. */
function beginOf(row: BudgetRow, now: number): number {
  return boundsOf(row, now)?.startMs ?? now - (row.windowSeconds ?? 0) * 1000;
}

function forecastOf(row: BudgetRow, spending: Parameters<typeof budgetForecast>[0]): Forecast {
  const { rule } = compileBudget(row, spending.now).limit;
  return budgetForecast(spending, { ...rule, bounds: boundsOf(row, spending.now) });
}

/** The operators' settings, and the resulting amount in the current period. */
function settingsOf(context: ConsoleContext, record: BudgetRecord, now: number) {
  const { snapshot } = context.policy;
  const row = rowOf(context, record);
  const bounds = boundsOf(row, now);
  const { limit } = compileBudget(row, now);
  return {
    id: row.id,
    slug: row.slug,
    level: row.level,
    tenant: record.tenantId === null ? null : (snapshot.tenants.get(record.tenantId)?.slug ?? record.tenantId),
    tenantName: record.tenantId === null ? null : (snapshot.tenants.get(record.tenantId)?.name ?? record.tenantId),
    target: row.target,
    period: row.period,
    windowSeconds: row.windowSeconds,
    timeZone: row.timeZone,
    version: record.version,
    /** the moment of all these figures */
    now: new Date(now).toISOString(),
    amountMicroUsd: row.amountMicroUsd,
    carryOver: record.carryOver,
    carriedMicroUsd: bounds !== null && row.carriedIntoMs === bounds.startMs ? row.carriedMicroUsd : 0,
    raise:
      row.raiseUntilMs !== null && now < row.raiseUntilMs
        ? { microUsd: row.raiseMicroUsd, until: new Date(row.raiseUntilMs).toISOString() }
        : null,
    inForceMicroUsd: amountAt(row, now).amount,
    refusedFromMicroUsd: limit.observe ? null : limit.rule.capacity,
    /** calls since then count */
    periodStart: new Date(beginOf(row, now)).toISOString(),
    /** null for a rolling budget, which has no end */
    periodEnd: bounds === null ? null : new Date(bounds.endMs).toISOString(),
  };
}

type SpendersOf = {
  readonly row: BudgetRow;
  readonly subjects: ReturnType<typeof subjectsOf>;
  readonly names: (kind: string, subject: string) => string;
  readonly now: number;
};

/** The booked spend and the counter of each subject. */
async function spendersOf(context: ConsoleContext, { row, subjects, names, now }: SpendersOf): Promise<SpenderView[]> {
  const { snapshot } = context.policy;
  const { limit } = compileBudget(row, now);
  const peeked = await context.admission.peek(
    subjects.map(({ subject: booked }) =>
      applied(limit, countedSubject({ row, booked, snapshot, digestSecret: context.digestSecret }), now),
    ),
  );
  return subjects.map(({ subject, spentMicroUsd, calls }, index) => {
    const counted = peeked.states[index];
    return {
      subject,
      name: names(row.level, subject),
      bookedMicroUsd: spentMicroUsd,
      calls,
      usedMicroUsd: counted?.used ?? 0,
      leftMicroUsd: counted?.remaining ?? 0,
    };
  });
}

const MOVERS_SHOWN = 6;

export function rowOf(context: ConsoleContext, record: BudgetRecord): BudgetRow {
  const row = context.policy.snapshot.budgets.find((one) => one.id === record.id);
  if (row === undefined) throw new Error(`budget ${record.slug} is not in the policy in force`);
  return row;
}

/** Subjects with spend. A budget with one subject is shown even without spend. */
function subjectsOf(row: BudgetRow, spend: readonly SubjectSpend[]): readonly SubjectSpend[] {
  if (spend.length > 0 || !isOne(row)) return spend;
  const subject =
    row.level === "global" ? "" : row.level === "tenant" ? (row.tenantId ?? "") : (row.targetBooked ?? "");
  return [{ subject, spentMicroUsd: 0, calls: 0 }];
}

function passedOf(events: readonly BudgetEventRow[], percent: number): string | null {
  return events.find((event) => Math.abs(event.percent - percent) < 1e-4)?.at.toISOString() ?? null;
}

/** Display names of keys and users. */
async function namesOf(
  context: ConsoleContext,
  record: BudgetRecord,
  asked: readonly { kind: string; subject: string }[],
): Promise<(kind: string, subject: string) => string> {
  const of = (kind: string) => asked.flatMap((one) => (one.kind === kind ? one.subject : []));
  const [users, keys] = await Promise.all([userNames(context.db, of("user")), readKeyNames(context.db, of("key"))]);
  const { tenants } = context.policy.snapshot;
  return (kind, subject) => {
    if (kind === "user") return users.get(subject) ?? "no user named";
    if (kind === "key") return keys.get(subject) ?? subject;
    if (kind === "tenant" || kind === "global") return tenants.get(subject)?.name ?? record.tenantId ?? "everybody";
    return subject;
  };
}
