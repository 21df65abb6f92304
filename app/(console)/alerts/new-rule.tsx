"use client";

import { Group, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ChannelView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { CapFields, type Caps, capMembers, hasCap, NO_CAPS } from "./caps";

type Kind = {
  readonly value: string;
  readonly label: string;
  /** the one number that most rules are about: member, label, preset, factor to the API's unit */
  readonly number?: readonly [member: string, label: string, preset: number, factor: number];
  readonly hasTenant?: true;
  /** of calls, tokens and money */
  readonly hasCaps?: true;
  /** what it finds is one tenant or one provider, which a brake can be set on */
  readonly mayBrake?: true;
};

const KINDS: readonly Kind[] = [
  {
    value: "budget_threshold",
    label: "a budget passes a threshold",
    hasTenant: true,
    number: ["minPercent", "From this percent on", 1, 1],
  },
  {
    value: "forecast",
    label: "a budget will soon be used up",
    hasTenant: true,
    number: ["withinHours", "Within hours", 24, 1],
  },
  {
    value: "limit_remaining",
    label: "little is left of a limit",
    hasTenant: true,
    number: ["percent", "At most percent left", 10, 1],
  },
  {
    value: "refusal_rate",
    label: "many calls are refused",
    hasTenant: true,
    mayBrake: true,
    number: ["percent", "At least percent refused", 25, 1],
  },
  {
    value: "spend_rate",
    label: "money goes fast",
    hasTenant: true,
    mayBrake: true,
    number: ["microUsdPerMinute", "US dollars per minute", 1, 1_000_000],
  },
  {
    value: "upstream_errors",
    label: "a provider fails",
    mayBrake: true,
    number: ["percent", "At least percent failed", 20, 1],
  },
  {
    value: "upstream_limited",
    label: "a provider answers 429 again and again",
    number: ["inARow", "At least so many in a row", 3, 1],
  },
  {
    value: "emergency_cap",
    label: "all tenants together use too much",
    mayBrake: true,
    hasCaps: true,
  },
  { value: "store_away", label: "the shared store is away" },
  { value: "audit_broken", label: "the audit log was tampered with" },
  { value: "brake", label: "a brake is on" },
  { value: "key_expiring", label: "a key is about to expire", hasTenant: true, number: ["days", "Within days", 14, 1] },
  { value: "drill_overdue", label: "no brake has been tried for long", number: ["days", "For days", 30, 1] },
];

const BRAKES = [
  { value: "none", label: "stop nothing" },
  { value: "block", label: "stop new calls" },
  { value: "cut", label: "stop calls and cut streams" },
  { value: "degrade", label: "serve by cheaper models" },
];

type Filled = {
  readonly name: string;
  readonly value: string;
  /** what the operator has typed; `null`: the kind's preset */
  readonly given: number | null;
  readonly caps: Caps;
  readonly tenant: string | null;
  readonly severity: string;
  readonly mode: string;
  readonly minutes: number;
  readonly to: readonly string[];
};
type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

const MINUTES_MAX = 1440;

/** What to watch, from which number on, and whom to notify. */
export function NewRule({ channels, onClose }: { channels: readonly ChannelView[]; onClose: () => void }) {
  const [filled, setFilled] = useState<Filled>({
    name: "",
    value: "budget_threshold",
    given: null,
    caps: NO_CAPS,
    tenant: null,
    severity: "warning",
    mode: "none",
    minutes: 15,
    to: channels.map((one) => one.id),
  });
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const kind = kindOf(filled);
  return (
    <FormDialog
      title="New rule"
      label="Watch it"
      done={`${filled.name} is active.`}
      isReady={filled.name.trim() !== "" && (kind?.hasCaps !== true || hasCap(filled.caps))}
      submit={() => api("alert-rules", { method: "POST", body: bodyOf(filled) })}
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
        label="Tell"
        placeholder={filled.to.length === 0 ? "nobody; the alert is only listed here" : ""}
        data={channels.map((one) => ({ value: one.id, label: one.name }))}
        value={[...filled.to]}
        onChange={(to) => set({ to })}
      />
    </FormDialog>
  );
}

/** The one number that most kinds are about. */
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
        description="on what the alert is about; once per alert"
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

function kindOf({ value }: Filled): Kind | undefined {
  return KINDS.find((one) => one.value === value);
}

function bodyOf(filled: Filled): object {
  const { name, severity, to, mode, minutes, value, given, caps, tenant } = filled;
  const kind = kindOf(filled);
  const [member = "", , preset = 0, factor = 1] = kind?.number ?? [];
  return {
    name: name.trim(),
    severity,
    channels: to,
    ...(kind?.mayBrake === true && mode !== "none" ? { brake: { mode, minutes } } : {}),
    watch: {
      kind: value,
      ...(member === "" ? {} : { [member]: Math.round((given ?? preset) * factor * 1000) / 1000 }),
      ...(kind?.hasCaps === true ? capMembers(caps) : {}),
      ...(kind?.hasTenant && tenant !== null ? { tenant } : {}),
    },
  };
}
