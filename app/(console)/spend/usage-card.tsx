"use client";

import { Anchor, Button, Card, Group, NativeSelect, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryState, useQueryStates } from "nuqs";
import { useMemo } from "react";
import type { UsageRow } from "@/lib/console/money/usage";
import { api } from "../../_ui/data/api";
import { changeWords } from "../../_ui/figures/change-words";
import { count, dollars, dollarsAlike } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Failed } from "../../_ui/shell/page-head";
import { TimePicker } from "../../_ui/time/time-picker";
import { PRESET_NAMES } from "../../_ui/time/time-range";
import { ZoneNote } from "../../_ui/time/zone-note";
import { CHART_HEIGHT, SpendChart, type Total, totalsOf } from "./spend-chart";
import { ofOneTag, rowsOfTag, TagChoice, tagQuery } from "./tag-choice";
import {
  type Asked,
  bucketsOf,
  earlierBars,
  SHOWN_MAX,
  sumPerBar,
  USAGE_SPLITS,
  type UsageSplit,
  usageBeforePath,
  usageFilePath,
  usagePath,
} from "./usage-asked";

// Loaded later: a tenant's own page has no use for it.
const TenantSelect = dynamic(() => import("../../_ui/forms/tenant-select").then((part) => part.TenantSelect), {
  ssr: false,
  loading: () => <Skeleton w={170} h={30} />,
});

const BEFORE_EVERY_MS = 30_000;
const RANGES = ["24h", "7d", "30d"] as const;
const TIME = {
  range: parseAsStringLiteral(PRESET_NAMES).withDefault("24h"),
  from: parseAsString,
  to: parseAsString,
  month: parseAsString,
};

/**
 * Money over time, of all tenants or of one: up to two days by the hour, otherwise by the day, highest cost first. Also
 * as CSV, and compared with the previous period.
 */
export function UsageCard({ of = null }: { of?: string | null }) {
  const [choice, setChoice] = useQueryStates(TIME);
  const [isCompared, setIsCompared] = useQueryState("compare", parseAsBoolean.withDefault(false));
  const [by, setBy] = useQueryState(
    "by",
    parseAsStringLiteral(USAGE_SPLITS).withDefault(of === null ? "tenant" : "model"),
  );
  const [chosen, setTenant] = useQueryState("tenant");
  const asked = { choice, by, tenant: of ?? chosen };
  const usage = useQuery({
    queryKey: ["usage", choice, by, asked.tenant],
    queryFn: () => api<{ rows: UsageRow[]; totals?: UsageRow[] }>(usagePath(asked, Date.now())),
    refetchInterval: 5000,
  });
  const [chosenTag, setTag] = useQueryState("tag");
  const { tags, tag, rows } = useMemo(
    () => ofOneTag(usage.data?.rows, by === "tag" ? { chosen: chosenTag } : null),
    [usage.data, by, chosenTag],
  );
  const sums = usage.data?.totals;
  const totals = useMemo(() => totalsOf(sums ?? rows ?? []), [sums, rows]);
  const { grain, from, last, step, isRunning } = bucketsOf(asked, usage.dataUpdatedAt || Date.now());
  const buckets = (last - from) / step + 1;
  const { before, bars } = usePreviousPeriod(asked, tag, isCompared);
  const line = isCompared && bars.data ? sumPerBar(bars.data.rows, bars.data.of, { step, buckets }) : null;
  const earlier = isCompared ? (rowsOfTag(before.data?.rows, tag) ?? null) : null;
  return (
    <Stack gap="md">
      <Card component="section" aria-label="Spend over time">
        <Group justify="space-between" mb="sm">
          <Title order={2} fz="md">
            Spend over time
          </Title>
          <Group gap="xs">
            <TimePicker
              choice={choice}
              presets={RANGES}
              onChange={(next) => void setChoice(next)}
              compare={{ isOn: isCompared, onChange: (isOn) => void setIsCompared(isOn) }}
            />
            <SplitChoice by={by} isOfOne={of !== null} onChange={setBy} />
            {by === "tag" && <TagChoice tags={tags} tag={tag} onChange={(next) => void setTag(next)} />}
            {of === null && <TenantChoice chosen={chosen} onChange={setTenant} />}
            <Button
              size="xs"
              variant="default"
              component="a"
              href={`/api/admin/${usageFilePath(asked, Date.now())}${tagQuery(tag)}&format=csv`}
              suppressHydrationWarning
            >
              CSV
            </Button>
          </Group>
        </Group>
        <Failed what="Usage could not be loaded" error={usage.error ?? before.error ?? bars.error} />
        {rows === undefined && usage.error === null && <Skeleton h={CHART_HEIGHT} />}
        {rows !== undefined && (
          <SpendChart
            rows={rows}
            totals={totals}
            grain={grain}
            buckets={buckets}
            last={last}
            isRunning={isRunning}
            before={line}
          />
        )}
        {rows !== undefined && (
          <Group justify="space-between" gap="xs" mt="xs">
            <Text size="sm">
              {dollars(costOf(totals))} in all
              {earlier !== null && againstWords(costOf(totals), costOf(earlier))}
              {line !== null && " (the grey line)"}
            </Text>
            <Text size="xs" c="dimmed" component="div">
              {isRunning && "pale: so far · "}
              {grain === "hour" ? <ZoneNote /> : "days in UTC"}
            </Text>
          </Group>
        )}
      </Card>
      {usage.data !== undefined && <Totals by={by} totals={totals} earlier={earlier} />}
    </Stack>
  );
}

/** The sums of the previous period for the table, and those of its bars for the chart. */
function usePreviousPeriod(asked: Asked, tag: string | null, isCompared: boolean) {
  const { choice, by, tenant } = asked;
  const before = useQuery({
    queryKey: ["usage-before", choice, by, tenant],
    queryFn: async () => {
      const path = usageBeforePath(asked, Date.now());
      return path === null ? { rows: [] } : api<{ rows: UsageRow[] }>(path);
    },
    enabled: isCompared,
    refetchInterval: BEFORE_EVERY_MS,
  });
  const bars = useQuery({
    queryKey: ["usage-bars-before", choice, by, tenant, tag],
    queryFn: async () => {
      const of = earlierBars(asked, tag, Date.now());
      return of === null ? null : { of, rows: (await api<{ rows: UsageRow[] }>(of.path)).rows };
    },
    enabled: isCompared,
    refetchInterval: BEFORE_EVERY_MS,
  });
  return { before, bars };
}

function againstWords(now: number, before: number): string {
  if (before === 0) return ", nothing in the period before";
  return `, ${changeWords(now, before)} against ${dollars(before)} in the period before`;
}

function costOf(rows: readonly Pick<UsageRow, "costMicroUsd">[]): number {
  return rows.reduce((sum, row) => sum + row.costMicroUsd, 0);
}

function SplitChoice({
  by,
  isOfOne,
  onChange,
}: {
  by: UsageSplit;
  isOfOne: boolean;
  onChange: (by: UsageSplit) => void;
}) {
  return (
    <NativeSelect
      size="xs"
      w={120}
      aria-label="Split by"
      data={USAGE_SPLITS.filter((one) => !isOfOne || one !== "tenant").map((one) => ({
        value: one,
        label: `by ${one}`,
      }))}
      value={by}
      onChange={({ currentTarget: { value } }) => onChange(USAGE_SPLITS.find((one) => one === value) ?? "tenant")}
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

function Totals({
  by,
  totals,
  earlier,
}: {
  by: UsageSplit;
  totals: readonly Total[];
  /** of the previous period; null = not compared */
  earlier: readonly UsageRow[] | null;
}) {
  const moneyOf = dollarsAlike(shownOf(totals).map((row) => row.costMicroUsd));
  const costBefore = new Map(earlier?.map((row) => [row.subject, row.costMicroUsd]));
  const beforeOf = dollarsAlike(shownOf(totals).map((row) => costBefore.get(row.subject) ?? 0));
  return (
    <Listing
      title={`By ${by}`}
      note="same time range as the chart"
      head={[
        ...[`${by.slice(0, 1).toUpperCase()}${by.slice(1)}`, "Calls", "Input tokens", "Output tokens", "Cost", "Share"],
        ...(earlier === null ? [] : ["Before", "Change"]),
      ]}
      empty="No calls in this range."
      rows={shownOf(totals).map((row) => ({
        id: row.merged === 0 ? row.subject : "others",
        cells: [
          row.merged === 0 ? <Subject key="subject" by={by} row={row} /> : `${count(row.merged)} others`,
          count(row.calls),
          count(row.inputTokens),
          count(row.outputTokens),
          moneyOf(row.costMicroUsd),
          shareWords(row.share),
          ...(earlier === null
            ? []
            : row.merged > 0
              ? ["–", "–"]
              : beforeCells(row.costMicroUsd, costBefore.get(row.subject) ?? 0, beforeOf)),
        ],
      }))}
    />
  );
}

/** A tenant leads to its page, a model to its calls in the log. */
function Subject({ by, row: { subject, name, displayName } }: { by: UsageSplit; row: Total }) {
  const href =
    by === "tenant" ? `/tenants/${encodeURIComponent(name)}` : `/requests/log?${new URLSearchParams({ model: name })}`;
  if (name === "") return "–";
  if (by !== "tenant" && by !== "model") return displayName ?? name;
  return (
    <Anchor component={Link} href={href} size="sm" title={by === "tenant" ? name : subject}>
      {displayName ?? name}
    </Anchor>
  );
}

function shareWords(share: number): string {
  return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

/** Those with the highest cost; then the sum of all others, if the server has merged them. */
function shownOf(totals: readonly Total[]): readonly Total[] {
  return [...totals.filter((row) => row.merged === 0).slice(0, SHOWN_MAX), ...totals.filter((row) => row.merged > 0)];
}

function beforeCells(now: number, before: number, moneyOf: (microUsd: number) => string): string[] {
  return [moneyOf(before), now === before ? "no change" : changeWords(now, before)];
}
