"use client";

import { Button, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { BudgetView } from "@/lib/console/money/budget-view";
import { api } from "../../_ui/data/api";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { BudgetList } from "./budget-list";
import { UsageCard } from "./usage-card";

const NewBudget = dynamic(() => import("./new-budget").then((part) => part.NewBudget), { ssr: false });

const EVERY_MS = 2000;

/** Money: budgets, what is left, and where it is spent. */
export function SpendPage({ canEdit, canRaise }: { canEdit: boolean; canRaise: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const budgets = useQuery({
    queryKey: ["budgets"],
    queryFn: () => api<{ budgets: BudgetView[] }>("budgets"),
    refetchInterval: EVERY_MS,
  });
  return (
    <Stack gap="md">
      <PageHead
        title="Spend"
        about="Budgets with their forecast, and cost by tenant, model, key and feature, in US dollars."
      >
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setIsOpen(true)}>
            New budget
          </Button>
        )}
      </PageHead>
      <Failed what="The budgets could not be loaded" error={budgets.error} />
      {(budgets.data !== undefined || budgets.error === null) && (
        <BudgetList budgets={budgets.data?.budgets} canEdit={canEdit} canRaise={canRaise} />
      )}
      {(budgets.data !== undefined || budgets.error !== null) && <UsageCard />}
      {isOpen && <NewBudget onClose={() => setIsOpen(false)} />}
    </Stack>
  );
}
