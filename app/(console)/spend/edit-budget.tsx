import { Checkbox } from "@mantine/core";
import { useState } from "react";
import type { BudgetView } from "@/lib/console/money/budget-view";
import { api } from "../../_ui/data/api";
import { MICRO_USD } from "../../_ui/figures/format";
import { FormDialog } from "../../_ui/forms/dialog";
import { MoneyInput } from "../../_ui/forms/inputs";
import { ThresholdFields } from "./threshold-fields";
import { inOrder, stepsFault, type Threshold } from "./thresholds";

/** Changes amount, thresholds, or carrying over, from the next call on. */
export function EditBudget({ budget, onClose }: { budget: BudgetView; onClose: () => void }) {
  const [amount, setAmount] = useState(budget.amountMicroUsd / MICRO_USD);
  const [steps, setSteps] = useState<readonly Threshold[]>(budget.thresholds);
  const [carryOver, setCarryOver] = useState(budget.carryOver);
  const mayCarry =
    budget.period !== "rolling" && (budget.level === "global" || budget.level === "tenant" || budget.target !== null);
  return (
    <FormDialog
      title={`Change ${budget.slug}`}
      label="Change it"
      done={`${budget.slug} is changed. In force for the next call.`}
      isReady={stepsFault(steps) === null}
      submit={() =>
        api(`budgets/${budget.id}`, {
          method: "PUT",
          body: {
            version: budget.version,
            amountMicroUsd: Math.round(amount * MICRO_USD),
            thresholds: inOrder(steps),
            ...(mayCarry ? { carryOver } : {}),
          },
        })
      }
      onClose={onClose}
    >
      <MoneyInput
        label="Amount"
        description="US dollars per period; the spend so far still counts"
        value={amount}
        onChange={setAmount}
      />
      <ThresholdFields steps={steps} onChange={setSteps} />
      {mayCarry && (
        <Checkbox
          label="Carry the unspent amount into the next period, once"
          checked={carryOver}
          onChange={(event) => setCarryOver(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}
