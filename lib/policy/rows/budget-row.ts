import { z } from "zod";
import { BUDGET_ACTIONS, BUDGET_LEVELS, BUDGET_PERIODS, type BudgetRow } from "../budget";
import { isTimeZone } from "../calendar";
import { UNITS_MAX } from "./limit-bounds";

const WINDOW_SECONDS_MAX = 31_622_400;
const units = z.number().int().min(0).max(UNITS_MAX);

/** A budget as the database keeps it; what could be wrong after an edit by hand is checked. */
const budgetRow = z
  .object({
    id: z.string(),
    slug: z.string(),
    tenantId: z.string().nullable(),
    level: z.enum(BUDGET_LEVELS),
    target: z.string().nullable(),
    targetBooked: z.string().nullable(),
    targetCounted: z.string().nullable(),
    period: z.enum(BUDGET_PERIODS),
    windowSeconds: z.number().int().min(1).max(WINDOW_SECONDS_MAX).nullable(),
    timeZone: z.string().refine(isTimeZone, "is not a time zone"),
    amountMicroUsd: units,
    thresholds: z.array(z.object({ percent: z.number().min(1).max(200), action: z.enum(BUDGET_ACTIONS) })),
    carryOver: z.boolean(),
    carriedMicroUsd: z.number().int(),
    carriedIntoMs: z.number().nullable(),
    raiseMicroUsd: units,
    raiseUntilMs: z.number().nullable(),
  })
  .refine((row) => row.period !== "rolling" || row.windowSeconds !== null, "a rolling budget has a window")
  .refine((row) => (row.level === "global") === (row.tenantId === null), "every level except global needs a tenant");

export type ReadBudget =
  | { readonly kind: "budget"; readonly budget: BudgetRow }
  | { readonly kind: "fault"; readonly fault: string };

type Stored = Readonly<Record<string, unknown>> & {
  readonly slug: string;
  readonly carriedInto: Date | null;
  readonly raiseUntil: Date | null;
};

/** A stored budget, or its fault in words. */
export function readBudget({ carriedInto, raiseUntil, ...row }: Stored): ReadBudget {
  const times = { carriedIntoMs: carriedInto?.getTime() ?? null, raiseUntilMs: raiseUntil?.getTime() ?? null };
  const parsed = budgetRow.safeParse({ ...row, ...times });
  if (parsed.success) return { kind: "budget", budget: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    kind: "fault",
    fault: `budget ${row.slug}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "unreadable"}`,
  };
}
