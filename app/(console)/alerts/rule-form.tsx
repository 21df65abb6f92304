"use client";

import { Group, MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ChannelView, RuleView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { CapFields, hasCap } from "./caps";
import { bodyOf, type Filled, filledOf, KINDS, kindOf } from "./rule-fields";

const BRAKES = [
  { value: "none", label: "stop nothing" },
  { value: "block", label: "stop new calls" },
  { value: "cut", label: "stop calls and cut streams" },
  { value: "degrade", label: "serve with cheaper models" },
];

type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

const MINUTES_MAX = 1440;

/** Adds or edits a rule: what to watch, from which number on, and which channels to notify. */
export function RuleForm({
  rule,
  channels,
  onClose,
}: {
  /** null = a new one */
  rule: RuleView | null;
  channels: readonly ChannelView[];
  onClose: () => void;
}) {
  const [filled, setFilled] = useState(() => filledOf(rule, channels));
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const kind = kindOf(filled);
  return (
    <FormDialog
      title={rule === null ? "New rule" : `Edit ${rule.name}`}
      label={rule === null ? "Create" : "Save"}
      done={`${filled.name} is ${filled.isOn ? "active" : "off"}.`}
      isReady={filled.name.trim() !== "" && (kind?.hasCaps !== true || hasCap(filled.caps))}
      submit={() =>
        rule === null
          ? api("alert-rules", { method: "POST", body: bodyOf(filled, null) })
          : api(`alert-rules/${rule.id}`, { method: "PUT", body: bodyOf(filled, rule) })
      }
      onClose={onClose}
    >
      <TextInput
        label="Name"
        value={filled.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
        maxLength={100}
        required
        data-autofocus
      />
      <Select
        label="When"
        data={KINDS.map((one) => ({ value: one.value, label: one.label }))}
        value={filled.value}
        allowDeselect={false}
        onChange={(next) => set({ value: next ?? "budget_threshold", given: null })}
      />
      <Threshold filled={filled} set={set} />
      {kind?.hasCaps === true && <CapFields caps={filled.caps} onChange={(caps) => set({ caps })} />}
      {kind?.hasTenant === true && <OfTenant filled={filled} set={set} />}
      {kind?.mayBrake === true && <AutomaticBrake filled={filled} set={set} />}
      <Select
        label="Severity"
        data={["info", "warning", "critical"]}
        value={filled.severity}
        allowDeselect={false}
        onChange={(next) => set({ severity: next ?? "warning" })}
      />
      <MultiSelect
        label="Channels"
        placeholder={filled.to.length === 0 ? "nobody; the alert is only listed here" : ""}
        data={channels.map((one) => ({ value: one.id, label: one.name }))}
        value={[...filled.to]}
        onChange={(to) => set({ to })}
      />
      {rule !== null && (
        <Switch label="On" checked={filled.isOn} onChange={(event) => set({ isOn: event.currentTarget.checked })} />
      )}
    </FormDialog>
  );
}

/** The one number of most kinds. */
function Threshold({ filled, set }: Part) {
  const number = kindOf(filled)?.number;
  if (number === undefined) return null;
  const [, label, preset] = number;
  return (
    <NumberInput
      label={label}
      value={filled.given ?? preset}
      min={0}
      decimalScale={4}
      onChange={(next) => set({ given: Number(next) })}
      required
    />
  );
}

function OfTenant({ filled, set }: Part) {
  return (
    <TenantSelect
      label="Of"
      placeholder="all tenants"
      clearable
      value={filled.tenant}
      onChange={(tenant) => set({ tenant })}
    />
  );
}

function AutomaticBrake({ filled, set }: Part) {
  return (
    <Group grow align="flex-end">
      <Select
        label="Automatic brake"
        description="on the subject of the alert; once per alert"
        data={BRAKES}
        value={filled.mode}
        allowDeselect={false}
        onChange={(next) => set({ mode: next ?? "none" })}
      />
      {filled.mode !== "none" && (
        <NumberInput
          label="For"
          description="minutes"
          value={filled.minutes}
          min={1}
          max={MINUTES_MAX}
          allowDecimal={false}
          onChange={(next) => set({ minutes: Math.min(MINUTES_MAX, Math.max(1, Number(next))) })}
        />
      )}
    </Group>
  );
}
