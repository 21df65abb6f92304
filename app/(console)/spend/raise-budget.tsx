"use client";

import { useQuery } from "@tanstack/react-query";
import type { BudgetView } from "@/lib/console/money/budget-view";
import { api } from "../../_ui/data/api";
import { BudgetDialog } from "./budget-dialog";

/** A budget raised for a while, where only its slug is known. */
export function RaiseBudget({ slug, onClose }: { slug: string; onClose: () => void }) {
  const { data } = useQuery({ queryKey: ["budgets"], queryFn: () => api<{ budgets: BudgetView[] }>("budgets") });
  const budget = data?.budgets.find((one) => one.slug === slug);
  return budget === undefined ? null : <BudgetDialog what="raise" budget={budget} onClose={onClose} />;
}
