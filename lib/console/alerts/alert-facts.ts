import { readBudgets } from "@/db/queries/money/budgets";
import type { Facts } from "@/lib/alerts/rules";
import type { LiveFacts } from "@/lib/alerts/watch";
import type { ConsoleContext } from "../kernel/context";
import { budgetView } from "../money/budget-view";
import { lookAtTenants } from "../overview/nearest/tenant-lines";

/** Facts for alert rules: the same numbers as the console shows, from the functions that decide. */
export function liveFacts(context: ConsoleContext, isStoreAway: () => boolean): LiveFacts {
  const { clock, db } = context;
  return {
    names: () => new Map([...context.policy.snapshot.tenants.values()].map(({ slug, name }) => [slug, name])),
    limits: async () => {
      const { snapshot } = context.policy;
      const { bindings } = await lookAtTenants(context, clock.now());
      return [...bindings].flatMap(([tenantId, binding]): Facts["limits"][number][] => {
        const tenant = snapshot.tenants.get(tenantId)?.slug;
        if (binding === null || tenant === undefined) return [];
        const { name, limit, remaining } = binding;
        return [{ tenant, limit: name, used: limit - remaining, capacity: limit }];
      });
    },
    forecasts: async () => {
      const now = context.clock.now();
      const views = await Promise.all((await readBudgets(db, null)).map((row) => budgetView(context, row, now)));
      return views.map(({ tenant, slug, forecast }) => ({ tenant, budget: slug, exhaustedAt: forecast.exhaustedAt }));
    },
    isStoreAway,
    auditFault: () => context.audit.fault,
  };
}
