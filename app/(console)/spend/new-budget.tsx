"use client";

import { Checkbox, Select, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { useFoundTenants } from "../../_ui/data/found";
import { MICRO_USD } from "../../_ui/figures/format";
import { FormDialog } from "../../_ui/forms/dialog";
import { MoneyInput } from "../../_ui/forms/inputs";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { ThresholdFields } from "./threshold-fields";
import { inOrder, stepsFault, type Threshold, USUAL_STEPS } from "./thresholds";

const LEVELS = [
  { value: "tenant", label: "a tenant as a whole" },
  { value: "user", label: "users of a tenant" },
  { value: "key", label: "keys of a tenant" },
  { value: "feature", label: "features of a tenant" },
  { value: "session", label: "sessions of a tenant's agents" },
  { value: "agent", label: "agents of a tenant" },
  { value: "tag", label: "tags of a tenant's calls" },
  { value: "model", label: "models of a tenant" },
  { value: "global", label: "everybody together" },
];
const TARGETS: Readonly<Record<string, string>> = {
  user: "User's name",
  key: "Key's id",
  feature: "Feature",
  session: "Session",
  agent: "Agent",
  tag: "Tag",
  model: "Model",
};

const PERIODS = [
  { value: "day", label: "day" },
  { value: "week", label: "week, from Monday" },
  { value: "month", label: "month" },
];

const START = { slug: "", level: "tenant", target: "", period: "month", amount: 100, carryOver: false };
type Filled = typeof START & { readonly tenant: string | null; readonly steps: readonly Threshold[] };
type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** Subject, amount, period, and the actions at its shares. */
export function NewBudget({ onClose }: { onClose: () => void }) {
  const tenants = useFoundTenants("", { limit: 20 });
  const [given, setGiven] = useState<Filled>({ ...START, tenant: null, steps: USUAL_STEPS });
  const filled = { ...given, tenant: given.tenant ?? tenants.data?.tenants[0]?.slug ?? null };
  const set = (change: Partial<Filled>) => setGiven((before) => ({ ...before, ...change }));
  const { slug, level, period, amount, carryOver } = filled;
  return (
    <FormDialog
      title="New budget"
      label="Create"
      done={`${slug} is in force for the next call.`}
      isReady={isComplete(filled)}
      submit={() => api("budgets", { method: "POST", body: bodyOf(filled) })}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="lower-case letters, digits and dashes; shown in refusals and alerts"
        value={slug}
        onChange={(event) => set({ slug: event.currentTarget.value })}
        pattern="[a-z0-9][a-z0-9\-]*"
        required
        data-autofocus
      />
      <Select
        label="For"
        data={LEVELS}
        value={level}
        allowDeselect={false}
        onChange={(value) => set({ level: value ?? "tenant" })}
      />
      <Subject filled={filled} set={set} />
      <Select
        label="Per"
        data={PERIODS}
        value={period}
        allowDeselect={false}
        onChange={(value) => set({ period: value ?? "month" })}
      />
      <MoneyInput label="Amount" description="US dollars" value={amount} onChange={(next) => set({ amount: next })} />
      <ThresholdFields steps={filled.steps} onChange={(steps) => set({ steps })} />
      <Checkbox
        label="Carry the unspent amount into the next period, once"
        checked={carryOver && hasOneSubject(filled)}
        disabled={!hasOneSubject(filled)}
        onChange={(event) => set({ carryOver: event.currentTarget.checked })}
      />
      <Text size="xs" c="dimmed">
        Cheaper models are those of the tier&apos;s ladder. What this period has cost so far counts.
      </Text>
    </FormDialog>
  );
}

/** Whether every field that its level needs is filled in. */
function isComplete({ slug, level, tenant, target, steps }: Filled): boolean {
  const hasSubject = (level === "global" || tenant !== null) && (level !== "tag" || target.trim() !== "");
  return slug !== "" && hasSubject && stepsFault(steps) === null;
}

/** A budget's subject: a tenant, and one user, key, feature or model of it. */
function Subject({ filled, set }: Part) {
  const { level, tenant, target } = filled;
  const targetLabel = TARGETS[level];
  return (
    <>
      {level !== "global" && (
        <TenantSelect
          label="Tenant"
          value={tenant}
          allowDeselect={false}
          onChange={(value) => set({ tenant: value })}
        />
      )}
      {targetLabel !== undefined && (
        <TextInput
          label={targetLabel}
          description={
            level === "tag"
              ? "repo: each value separately; repo=web: only that value"
              : `default: each ${level} has this amount`
          }
          required={level === "tag"}
          value={target}
          onChange={(event) => set({ target: event.currentTarget.value })}
        />
      )}
    </>
  );
}

function hasOneSubject({ level, target }: Filled): boolean {
  return level === "global" || level === "tenant" || (level === "tag" ? target.includes("=") : target.trim() !== "");
}

function bodyOf(filled: Filled): object {
  const { slug, level, period, carryOver, amount, tenant, target, steps } = filled;
  return {
    slug,
    level,
    period,
    carryOver: carryOver && hasOneSubject(filled),
    amountMicroUsd: Math.round(amount * MICRO_USD),
    thresholds: inOrder(steps),
    ...(level === "global" ? {} : { tenant }),
    ...(TARGETS[level] !== undefined && target.trim() !== "" ? { target: target.trim() } : {}),
  };
}
