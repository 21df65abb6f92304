import { readBudgets } from "@/db/queries/money/budgets";
import type { Facts } from "@/lib/alerts/rules";
import type { LiveFacts } from "@/lib/alerts/watch";
import type { Console } from "../kernel/console";
import { budgetView } from "../money/budget-view";
import { tenantLines } from "../overview/overview";

/** What alerting rules are held against: the same numbers as the console shows, from the functions that decide. */
export function liveFacts(context: Console, isStoreAway: () => boolean): LiveFacts {
  const { clock, db } = context;
  return {
    limits: async () => {
      const lines = await tenantLines(context, clock.now());
      return lines.flatMap(({ slug, binding }): Facts["limits"][number][] =>
        binding === null
          ? []
          : [{ tenant: slug, limit: binding.name, used: binding.limit - binding.remaining, capacity: binding.limit }],
      );
    },
    forecasts: async () => {
      const views = await Promise.all((await readBudgets(db, null)).map((row) => budgetView(context, row)));
      return views.map(({ tenant, slug, forecast }) => ({ tenant, budget: slug, exhaustedAt: forecast.exhaustedAt }));
    },
    isStoreAway,
    auditFault: () => context.audit.fault,
  };
}
