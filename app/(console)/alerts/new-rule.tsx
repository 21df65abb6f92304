"use client";

import { Group, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ChannelView } from "@/lib/console/alerts/alerts";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";

type Kind = {
  readonly value: string;
  readonly label: string;
  /** the one number that most rules are about: member, label, preset, factor to the API's unit */
  readonly number?: readonly [member: string, label: string, preset: number, factor: number];
  readonly hasTenant?: true;
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

/** What to watch, from which number on, and whom to tell. */
export function NewRule({ channels, onClose }: { channels: readonly ChannelView[]; onClose: () => void }) {
  const tenants = useQuery({ queryKey: ["tenants"], queryFn: () => api<{ tenants: TenantView[] }>("tenants") });
  const [name, setName] = useState("");
  const [value, setValue] = useState("budget_threshold");
  const kind = KINDS.find((one) => one.value === value);
  const [given, setNumber] = useState<number | null>(null);
  const [tenant, setTenant] = useState<string | null>(null);
  const [severity, setSeverity] = useState("warning");
  const [mode, setMode] = useState("none");
  const [minutes, setMinutes] = useState(15);
  const [to, setTo] = useState<string[]>(channels.map((one) => one.id));
  const [member = "", label = "", preset = 0, factor = 1] = kind?.number ?? [];
  return (
    <FormDialog
      title="New rule"
      label="Watch it"
      done={`${name} is active.`}
      isReady={name.trim() !== ""}
      submit={() =>
        api("alert-rules", {
          method: "POST",
          body: {
            ...{ name: name.trim(), severity, channels: to },
            ...(kind?.mayBrake === true && mode !== "none" ? { brake: { mode, minutes } } : {}),
            watch: {
              kind: value,
              ...(member === "" ? {} : { [member]: Math.round((given ?? preset) * factor * 1000) / 1000 }),
              ...(kind?.hasTenant && tenant !== null ? { tenant } : {}),
            },
          },
        })
      }
      onClose={onClose}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
      <Select
        label="When"
        data={KINDS.map((one) => ({ value: one.value, label: one.label }))}
        value={value}
        allowDeselect={false}
        onChange={(next) => {
          setValue(next ?? "budget_threshold");
          setNumber(null);
        }}
      />
      {member !== "" && (
        <NumberInput
          label={label}
          value={given ?? preset}
          min={0}
          decimalScale={4}
          onChange={(next) => setNumber(Number(next))}
          required
        />
      )}
      {kind?.hasTenant === true && (
        <Select
          label="Of"
          placeholder="all tenants"
          clearable
          searchable
          data={tenants.data?.tenants.map((one) => ({ value: one.slug, label: one.name })) ?? []}
          value={tenant}
          onChange={setTenant}
        />
      )}
      {kind?.mayBrake === true && (
        <Group grow align="flex-end">
          <Select
            label="Automatic brake"
            description="on what the alert is about; once per alert"
            data={BRAKES}
            value={mode}
            allowDeselect={false}
            onChange={(next) => setMode(next ?? "none")}
          />
          {mode !== "none" && (
            <NumberInput
              label="For"
              description="minutes"
              value={minutes}
              min={1}
              max={1440}
              allowDecimal={false}
              onChange={(next) => setMinutes(Math.min(1440, Math.max(1, Number(next))))}
            />
          )}
        </Group>
      )}
      <Select
        label="Severity"
        data={["info", "warning", "critical"]}
        value={severity}
        allowDeselect={false}
        onChange={(next) => setSeverity(next ?? "warning")}
      />
      <MultiSelect
        label="Tell"
        placeholder={to.length === 0 ? "nobody; the alert is only listed here" : ""}
        data={channels.map((one) => ({ value: one.id, label: one.name }))}
        value={to}
        onChange={setTo}
      />
    </FormDialog>
  );
}
