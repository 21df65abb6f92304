"use client";

import { Button, Card, Group, SegmentedControl, Select, Skeleton, Stack, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { UsageRow } from "@/lib/console/money/usage";
import { api } from "../../_ui/data/api";
import { count, dollars } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { Failed } from "../../_ui/shell/page-head";
import { CHART_HEIGHT, HOUR_MS, SpendChart, type Total, totalsOf } from "./spend-chart";

const TOTALS_SHOWN = 50;
const SPLITS = ["tenant", "model", "key", "feature", "user"] as const;
type Split = (typeof SPLITS)[number];
type Range = "day" | "month";
type Asked = { readonly range: Range; readonly by: Split; readonly tenant: string | null };

/**
 * Money over time, of all tenants or of one: a day by the hour or a month by the day, the most expensive first, and the
 * same as CSV.
 */
export function UsageCard({ of = null }: { of?: string | null }) {
  const [range, setRange] = useQueryState("range", parseAsStringLiteral(["day", "month"] as const).withDefault("day"));
  const [by, setBy] = useQueryState("by", parseAsStringLiteral(SPLITS).withDefault(of === null ? "tenant" : "model"));
  const [chosen, setTenant] = useQueryState("tenant");
  const asked = { range, by, tenant: of ?? chosen };
  const usage = useQuery({
    queryKey: ["usage", range, by, asked.tenant],
    queryFn: () => api<{ rows: UsageRow[] }>(pathOf(asked)),
    refetchInterval: 5000,
  });
  const rows = usage.data?.rows;
  const totals = useMemo(() => totalsOf(rows ?? []), [rows]);
  const grain = grainOf(asked);
  return (
    <Stack gap="md">
      <Card component="section" aria-label="Spend over time">
        <Group justify="space-between" mb="sm">
          <Title order={2} fz="md">
            Spend over time
          </Title>
          <Group gap="xs">
            <RangeChoice range={range} onChange={setRange} />
            <SplitChoice by={by} isOfOne={of !== null} onChange={setBy} />
            {of === null && <TenantChoice chosen={chosen} onChange={setTenant} />}
            <Button
              size="xs"
              variant="default"
              component="a"
              href={`/api/admin/${pathOf(asked)}&format=csv`}
              leftSection={<IconDownload size={14} aria-hidden />}
              suppressHydrationWarning
            >
              CSV
            </Button>
          </Group>
        </Group>
        <Failed what="Usage could not be loaded" error={usage.error} />
        {rows === undefined && usage.error === null && <Skeleton h={CHART_HEIGHT} />}
        {rows !== undefined && (
          <SpendChart
            rows={rows}
            totals={totals}
            grain={grain}
            buckets={grain === "hour" ? 24 : range === "month" ? 30 : 1}
            now={new Date(usage.dataUpdatedAt).toISOString()}
          />
        )}
      </Card>
      <Totals by={by} range={range} totals={totals} />
    </Stack>
  );
}

function RangeChoice({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Range"
      value={range}
      onChange={(value) => onChange(value === "month" ? "month" : "day")}
      data={[
        { value: "day", label: "24 hours" },
        { value: "month", label: "30 days" },
      ]}
    />
  );
}

function SplitChoice({ by, isOfOne, onChange }: { by: Split; isOfOne: boolean; onChange: (by: Split) => void }) {
  return (
    <Select
      size="xs"
      w={120}
      aria-label="Split by"
      data={SPLITS.filter((one) => !isOfOne || one !== "tenant").map((one) => ({ value: one, label: `by ${one}` }))}
      value={by}
      allowDeselect={false}
      onChange={(value) => onChange(SPLITS.find((one) => one === value) ?? "tenant")}
    />
  );
}

function TenantChoice({ chosen, onChange }: { chosen: string | null; onChange: (slug: string | null) => void }) {
  return (
    <TenantSelect
      size="xs"
      w={170}
      aria-label="Tenant"
      placeholder="All tenants"
      clearable
      value={chosen}
      onChange={onChange}
    />
  );
}

function Totals({ by, range, totals }: { by: Split; range: Range; totals: readonly Total[] }) {
  return (
    <Listing
      title={`By ${by}`}
      note={range === "day" ? "last 24 hours" : "last 30 days, days in UTC"}
      head={[by, "Calls", "Input tokens", "Output tokens", "Cost", "Share"]}
      empty="No calls in this range."
      rows={totals.slice(0, TOTALS_SHOWN).map((row) => ({
        id: row.subject,
        cells: [
          row.name || "–",
          count(row.calls),
          count(row.inputTokens),
          count(row.outputTokens),
          dollars(row.costMicroUsd),
          `${Math.round(row.share * 100)} %`,
        ],
      }))}
    />
  );
}

/** Users are kept per day only. */
function grainOf({ range, by }: Asked): "hour" | "day" {
  return range === "month" || by === "user" ? "day" : "hour";
}

function pathOf(asked: Asked): string {
  const hours = asked.range === "day" ? 24 : 24 * 30;
  const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - (hours - 1) * HOUR_MS).toISOString();
  const tenant = asked.tenant === null ? {} : { tenant: asked.tenant };
  return `usage?${new URLSearchParams({ grain: grainOf(asked), by: asked.by, from, ...tenant })}`;
}
