import type { Layer } from "@/lib/limits/rules/layers";
import type { CalendarBounds } from "@/lib/limits/rules/rule";
import { calendarBounds } from "./calendar";
import { CALENDAR_PERIODS } from "./calendar-period";
import type { CompiledLimit } from "./policy";
import { UNITS_MAX } from "./rows/limit-bounds";

export const BUDGET_LEVELS = [
  "global",
  "tenant",
  "user",
  "key",
  "feature",
  "session",
  "agent",
  "tag",
  "model",
] as const satisfies readonly Layer[];
export const BUDGET_PERIODS = [...CALENDAR_PERIODS, "rolling"] as const;
export const BUDGET_ACTIONS = ["alert", "degrade", "queue", "refuse"] as const;
export type BudgetLevel = (typeof BUDGET_LEVELS)[number];

/** A budget as stored in the database; times in epoch ms. */
export type BudgetRow = {
  readonly id: string;
  readonly slug: string;
  readonly level: BudgetLevel;
  readonly tenantId: string | null;
  readonly target: string | null;
  readonly targetBooked: string | null;
  readonly targetCounted: string | null;
  readonly period: (typeof BUDGET_PERIODS)[number];
  readonly windowSeconds: number | null;
  readonly timeZone: string;
  readonly amountMicroUsd: number;
  readonly thresholds: readonly { readonly percent: number; readonly action: (typeof BUDGET_ACTIONS)[number] }[];
  readonly carryOver: boolean;
  readonly carriedMicroUsd: number;
  readonly carriedIntoMs: number | null;
  readonly raiseMicroUsd: number;
  readonly raiseUntilMs: number | null;
};

/** A budget's amount at `now`, including carry-over and raise, and the end of its validity. */
export function amountAt(row: BudgetRow, now: number): { amount: number; untilMs: number | null } {
  const isRaised = row.raiseUntilMs !== null && now < row.raiseUntilMs;
  const bounds = boundsOf(row, now);
  const isCarried = bounds !== null && row.carriedIntoMs === bounds.startMs;
  const amount = row.amountMicroUsd + (isRaised ? row.raiseMicroUsd : 0) + (isCarried ? row.carriedMicroUsd : 0);
  const ends = [isRaised ? row.raiseUntilMs : null, isCarried ? bounds.endMs : null].flatMap((at) => at ?? []);
  return { amount: Math.min(UNITS_MAX, Math.max(0, amount)), untilMs: ends.length === 0 ? null : Math.min(...ends) };
}

/** Whether a budget has one subject, and not one amount for each. */
export function isOne({ level, target }: Pick<BudgetRow, "level" | "target">): boolean {
  if (level === "tag") return target?.includes("=") === true;
  return level === "global" || level === "tenant" || target !== null;
}

/** The period of a budget that holds `now`; null for rolling ones, which have none. */
export function boundsOf(
  { period, timeZone }: Pick<BudgetRow, "period" | "timeZone">,
  now: number,
): CalendarBounds | null {
  return period === "rolling" ? null : calendarBounds(period, timeZone, now);
}

/** A budget as the limit that enforces it. Without a threshold that refuses it only counts. */
export function compileBudget(row: BudgetRow, now: number): { limit: CompiledLimit; untilMs: number | null } {
  const { amount, untilMs } = amountAt(row, now);
  const { period, timeZone, level, tenantId } = row;
  const calendar = period === "rolling" ? null : { period, zone: timeZone };
  const percentOf = (action: string) => row.thresholds.find((step) => step.action === action)?.percent ?? null;
  const unitsAt = (percent: number) => Math.min(UNITS_MAX, Math.floor((amount * percent) / 100));
  const [refuseAt, degradeAt, queueAt] = [percentOf("refuse"), percentOf("degrade"), percentOf("queue")];
  const algorithm = calendar === null ? "sliding_window" : "calendar_window";
  const span = calendar === null ? `${row.windowSeconds ?? 0}s` : `${calendar.period}@${calendar.zone}`;
  const capacity = unitsAt(refuseAt ?? 100);
  const limit: CompiledLimit = {
    limitId: row.id,
    name: row.slug,
    layer: level,
    dimension: "cost_micro_usd",
    slotId: `${row.id}|${algorithm}|${span}`,
    rule: {
      algorithm,
      capacity,
      refill: Math.max(1, capacity),
      periodMs: (row.windowSeconds ?? 0) * 1000,
      credit: 0,
      bounds: null,
    },
    calendar,
    match: level === "tag" ? { tag: row.target ?? "" } : {},
    onExceed: "refuse",
    failureMode: "local",
    observe: refuseAt === null,
    origin: { from: "budget", budget: row.slug },
    onlySubject: row.targetCounted === null ? null : `t:${tenantId}:${level}:${row.targetCounted}`,
    degradeFrom: degradeAt === null ? null : unitsAt(degradeAt),
    queueFrom: queueAt === null ? null : unitsAt(queueAt),
  };
  return { limit, untilMs };
}
