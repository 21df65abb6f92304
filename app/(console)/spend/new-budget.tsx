"use client";

import { Checkbox, Select, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { MoneyInput } from "../../_ui/forms/inputs";

const MICRO_USD = 1_000_000;
const LEVELS = [
  { value: "tenant", label: "a tenant as a whole" },
  { value: "user", label: "users of a tenant" },
  { value: "key", label: "keys of a tenant" },
  { value: "feature", label: "features of a tenant" },
  { value: "model", label: "models of a tenant" },
  { value: "global", label: "everybody together" },
];
const TARGETS: Readonly<Record<string, string>> = {
  user: "User's name",
  key: "Key's id",
  feature: "Feature",
  model: "Model",
};

/** For whom, how much, how often; thresholds at 50, 80, 95 and 100 % unless they are changed by the API. */
export function NewBudget({ onClose }: { onClose: () => void }) {
  const tenants = useQuery({ queryKey: ["tenants"], queryFn: () => api<{ tenants: TenantView[] }>("tenants") });
  const [slug, setSlug] = useState("");
  const [level, setLevel] = useState("tenant");
  const [chosen, setTenant] = useState<string | null>(null);
  const [target, setTarget] = useState("");
  const [period, setPeriod] = useState("month");
  const [amount, setAmount] = useState(100);
  const [carryOver, setCarryOver] = useState(false);
  const tenant = chosen ?? tenants.data?.tenants[0]?.slug ?? null;
  const isGlobal = level === "global";
  const targetLabel = TARGETS[level];
  const hasOneSubject = isGlobal || level === "tenant" || target.trim() !== "";
  return (
    <FormDialog
      title="New budget"
      label="Create"
      done={`${slug} is in force for the next call.`}
      isReady={slug !== "" && (isGlobal || tenant !== null)}
      submit={() =>
        api("budgets", {
          method: "POST",
          body: {
            ...{ slug, level, period, carryOver: carryOver && hasOneSubject },
            amountMicroUsd: Math.round(amount * MICRO_USD),
            ...(isGlobal ? {} : { tenant }),
            ...(targetLabel !== undefined && target.trim() !== "" ? { target: target.trim() } : {}),
          },
        })
      }
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="lower-case letters, digits and dashes; shown in refusals and alerts"
        value={slug}
        onChange={(event) => setSlug(event.currentTarget.value)}
        pattern="[a-z0-9][a-z0-9\-]*"
        required
        data-autofocus
      />
      <Select
        label="For"
        data={LEVELS}
        value={level}
        allowDeselect={false}
        onChange={(value) => setLevel(value ?? "tenant")}
      />
      {!isGlobal && (
        <Select
          label="Tenant"
          data={tenants.data?.tenants.map((one) => ({ value: one.slug, label: one.name })) ?? []}
          value={tenant}
          allowDeselect={false}
          searchable
          onChange={setTenant}
        />
      )}
      {targetLabel !== undefined && (
        <TextInput
          label={targetLabel}
          description={`default: each ${level} has this amount`}
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        />
      )}
      <Select
        label="Per"
        data={[
          { value: "day", label: "day" },
          { value: "week", label: "week, from Monday" },
          { value: "month", label: "month" },
        ]}
        value={period}
        allowDeselect={false}
        onChange={(value) => setPeriod(value ?? "month")}
      />
      <MoneyInput label="Amount" description="US dollars" value={amount} onChange={setAmount} />
      <Checkbox
        label="Carry the rest into the next period, once"
        checked={carryOver && hasOneSubject}
        disabled={!hasOneSubject}
        onChange={(event) => setCarryOver(event.currentTarget.checked)}
      />
      <Text size="xs" c="dimmed">
        Tells at 50 and 80 %, serves the ladder&apos;s cheaper models from 95 %, refuses at 100 %. What this period has
        cost so far counts.
      </Text>
    </FormDialog>
  );
}
