"use client";

import { Select, Text } from "@mantine/core";
import { useState } from "react";
import type { BudgetView } from "@/lib/console/money/budget-view";
import { api } from "../../_ui/data/api";
import { MICRO_USD } from "../../_ui/figures/format";
import { FormDialog } from "../../_ui/forms/dialog";
import { isReason, MoneyInput, ReasonInput } from "../../_ui/forms/inputs";
import { EditBudget } from "./edit-budget";

type DialogOf = {
  readonly what: "raise" | "edit" | "remove";
  readonly budget: BudgetView;
  readonly onClose: () => void;
};

/** A budget raised for a while, changed, or removed. */
export function BudgetDialog({ what, budget, onClose }: DialogOf) {
  if (what === "edit") return <EditBudget budget={budget} onClose={onClose} />;
  return what === "raise" ? <Raise budget={budget} onClose={onClose} /> : <Remove budget={budget} onClose={onClose} />;
}

function Raise({ budget, onClose }: { budget: BudgetView; onClose: () => void }) {
  const [by, setBy] = useState(budget.amountMicroUsd / MICRO_USD / 2);
  const [seconds, setSeconds] = useState("86400");
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={`Raise ${budget.slug} for a while`}
      label="Raise it"
      done={`${budget.slug} is raised. In force for the next call.`}
      isReady={by > 0 && isReason(reason)}
      submit={() =>
        api(`budgets/${budget.id}/raise`, {
          method: "POST",
          body: { byMicroUsd: Math.round(by * MICRO_USD), forSeconds: Number(seconds), reason: reason.trim() },
        })
      }
      onClose={onClose}
    >
      <MoneyInput label="By" description="US dollars, added to the amount" value={by} onChange={setBy} />
      <Select
        label="For"
        data={[
          { value: "3600", label: "1 hour" },
          { value: "86400", label: "24 hours" },
          { value: "604800", label: "7 days" },
          { value: "2678400", label: "31 days" },
        ]}
        value={seconds}
        allowDeselect={false}
        onChange={(value) => setSeconds(value ?? "86400")}
      />
      <ReasonInput value={reason} onChange={setReason} />
    </FormDialog>
  );
}

function Remove({ budget, onClose }: { budget: BudgetView; onClose: () => void }) {
  return (
    <FormDialog
      title={`Remove ${budget.slug}`}
      label="Remove it"
      colour="red.9"
      done={`${budget.slug} is removed.`}
      submit={() => api(`budgets/${budget.id}`, { method: "DELETE", body: {} })}
      undo={() => api(`budgets/${budget.id}/restore`, { method: "POST", body: {} })}
      onClose={onClose}
    >
      <Text size="sm">The budget stops refusing calls from the next call. The ledger keeps every call.</Text>
    </FormDialog>
  );
}
