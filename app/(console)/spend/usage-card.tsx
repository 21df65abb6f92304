"use client";

import { Button, Card, Center, Group, SegmentedControl, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { UsageRow } from "@/lib/console/money/usage";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../_ui/data/api";
import { count, dollars } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { useMomentWords } from "../../_ui/figures/moment";
import { Failed } from "../../_ui/shell/page-head";

const HEIGHT = 260;
const HOUR_MS = 3_600_000;
const SERIES_MAX = 6;
const COLOURS = ["river.6", "yellow.6", "grape.5", "teal.5", "orange.6", "gray.6"];
const BarChart = dynamic(() => import("../../_ui/figures/charts").then((charts) => charts.BarChart), {
  ssr: false,
  loading: () => <Skeleton h={HEIGHT} />,
});
const SPLITS = ["tenant", "model", "key", "feature", "user"] as const;

/** Money by time and by whom, of everybody or of one tenant: a day by the hour or a month by the day, the dearest first, and the same as CSV. */
export function UsageCard({ of = null }: { of?: string | null }) {
  const [range, setRange] = useQueryState("range", parseAsStringLiteral(["day", "month"] as const).withDefault("day"));
  const [by, setBy] = useQueryState("by", parseAsStringLiteral(SPLITS).withDefault(of === null ? "tenant" : "model"));
  const [chosen, setTenant] = useQueryState("tenant");
  const tenant = of ?? chosen;
  const tenants = useQuery({ queryKey: ["tenants"], queryFn: () => api<{ tenants: TenantView[] }>("tenants") });
  // Users are kept per day alone.
  const grain = range === "month" || by === "user" ? "day" : "hour";
  const asked = (format: string) => {
    const hours = range === "day" ? 24 : 24 * 30;
    const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - (hours - 1) * HOUR_MS).toISOString();
    const query = new URLSearchParams({
      grain,
      by,
      from,
      ...(tenant === null ? {} : { tenant }),
      ...(format === "" ? {} : { format }),
    });
    return `usage?${query}`;
  };
  const usage = useQuery({
    queryKey: ["usage", range, by, tenant],
    queryFn: () => api<{ rows: UsageRow[] }>(asked("")),
    refetchInterval: 5000,
  });
  const rows = usage.data?.rows;
  const totals = useMemo(() => totalsOf(rows ?? []), [rows]);
  return (
    <Stack gap="md">
      <Card component="section" aria-label="Spend over time">
        <Group justify="space-between" mb="sm">
          <Title order={2} fz="md">
            Spend over time
          </Title>
          <Group gap="xs">
            <SegmentedControl
              size="xs"
              aria-label="Range"
              value={range}
              onChange={(value) => setRange(value === "month" ? "month" : "day")}
              data={[
                { value: "day", label: "24 hours" },
                { value: "month", label: "30 days" },
              ]}
            />
            <Select
              size="xs"
              w={120}
              aria-label="Split by"
              data={SPLITS.filter((one) => of === null || one !== "tenant").map((one) => ({
                value: one,
                label: `by ${one}`,
              }))}
              value={by}
              allowDeselect={false}
              onChange={(value) => setBy(SPLITS.find((one) => one === value) ?? "tenant")}
            />
            {of === null && (
              <Select
                size="xs"
                w={170}
                aria-label="Tenant"
                placeholder="All tenants"
                clearable
                searchable
                data={tenants.data?.tenants.map((one) => ({ value: one.slug, label: one.name })) ?? []}
                value={chosen}
                onChange={(value) => void setTenant(value)}
              />
            )}
            <Button
              size="xs"
              variant="default"
              component="a"
              href={`/api/admin/${asked("csv")}`}
              leftSection={<IconDownload size={14} aria-hidden />}
              suppressHydrationWarning
            >
              CSV
            </Button>
          </Group>
        </Group>
        <Failed what="Usage could not be loaded" error={usage.error} />
        {rows === undefined && usage.error === null && <Skeleton h={HEIGHT} />}
        {rows !== undefined && (
          <Chart
            rows={rows}
            totals={totals}
            grain={grain}
            buckets={grain === "hour" ? 24 : range === "month" ? 30 : 1}
            now={new Date(usage.dataUpdatedAt).toISOString()}
          />
        )}
      </Card>
      <Listing
        title={`By ${by}`}
        note={range === "day" ? "last 24 hours" : "last 30 days, days in UTC"}
        head={[by, "Calls", "Input tokens", "Output tokens", "Cost", "Share"]}
        empty="No calls in this range."
        rows={totals.slice(0, 50).map((row) => ({
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
    </Stack>
  );
}

type Total = Pick<UsageRow, "subject" | "name" | "calls" | "inputTokens" | "outputTokens" | "costMicroUsd"> & {
  share: number;
};

function totalsOf(rows: readonly UsageRow[]): Total[] {
  const sums = new Map<string, Total>();
  for (const row of rows) {
    const known = sums.get(row.subject) ?? {
      ...row,
      calls: 0,
      inputTokens: 0,
      outputTokens: 0,
      costMicroUsd: 0,
      share: 0,
    };
    sums.set(row.subject, {
      ...known,
      calls: known.calls + row.calls,
      inputTokens: known.inputTokens + row.inputTokens,
      outputTokens: known.outputTokens + row.outputTokens,
      costMicroUsd: known.costMicroUsd + row.costMicroUsd,
    });
  }
  const all = [...sums.values()];
  const cost = all.reduce((sum, one) => sum + one.costMicroUsd, 0);
  return all
    .map((one) => ({ ...one, share: cost === 0 ? 0 : one.costMicroUsd / cost }))
    .sort((left, right) => right.costMicroUsd - left.costMicroUsd);
}

function Chart({
  rows,
  totals,
  grain,
  buckets,
  now,
}: {
  rows: readonly UsageRow[];
  totals: readonly Total[];
  grain: "hour" | "day";
  buckets: number;
  /** end of the range */
  now: string;
}) {
  const momentWords = useMomentWords();
  if (totals.length === 0) {
    return (
      <Center h={HEIGHT}>
        <Text c="dimmed" size="sm" ta="center">
          No calls in this range.
        </Text>
      </Center>
    );
  }
  const shown = totals.slice(0, totals.length > SERIES_MAX ? SERIES_MAX - 1 : SERIES_MAX);
  const rest = totals.length > shown.length ? "others" : null;
  const names = new Map(shown.map((one, index) => [one.subject, `s${index}`]));
  // Every hour or day of the range has its place, also those in which nothing was called.
  const step = grain === "day" ? 24 * HOUR_MS : HOUR_MS;
  const last = Math.floor(Date.parse(now) / step) * step;
  const points = new Map<string, Record<string, number | string>>(
    Array.from({ length: buckets }, (_, index) => {
      const at = new Date(last - (buckets - 1 - index) * step).toISOString();
      return [at, { at: timeOf(at, grain, momentWords) }];
    }),
  );
  for (const row of rows) {
    const at = row.bucket ?? "";
    const point = points.get(at) ?? { at: timeOf(at, grain, momentWords) };
    const name = names.get(row.subject) ?? "others";
    points.set(at, { ...point, [name]: Number(point[name] ?? 0) + row.costMicroUsd });
  }
  const series = shown.map((one, index) => ({
    name: `s${index}`,
    label: one.name || "–",
    color: COLOURS[index] ?? "gray.6",
  }));
  return (
    <BarChart
      h={HEIGHT}
      data={[...points].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, point]) => point)}
      dataKey="at"
      type="stacked"
      series={rest === null ? series : [...series, { name: rest, label: "Others", color: "gray.6" }]}
      withLegend
      legendProps={{ verticalAlign: "bottom" }}
      yAxisProps={{ width: 64, tickFormatter: (value: number) => dollars(value) }}
      barProps={{ isAnimationActive: false }}
      tickLine="none"
      valueFormatter={(value) => dollars(value)}
    />
  );
}

function timeOf(at: string, grain: "hour" | "day", momentWords: ReturnType<typeof useMomentWords>): string {
  if (grain === "day")
    return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return momentWords(at, "minute");
}
