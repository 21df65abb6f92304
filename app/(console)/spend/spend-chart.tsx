import { Center, Group, Skeleton, Text } from "@mantine/core";
import dynamic from "next/dynamic";
import { HOUR_MS } from "@/app/_ui/time/spans";
import type { UsageRow } from "@/lib/console/money/usage";
import { chartsAhead } from "../../_ui/figures/charts-ahead";
import { dollars } from "../../_ui/figures/format";
import { useMomentWords } from "../../_ui/figures/moment";
import { lineThrough } from "../../_ui/time/line-through";
import { moneyAxis } from "../../_ui/time/money-axis";
import { partialBar, SO_FAR } from "../../_ui/time/partial-bar";

export const CHART_HEIGHT = 260;
const LEGEND_HEIGHT = 32;
const HOURS_OF_A_DAY = 25;
const SERIES_MAX = 6;
const COLOURS = ["river.6", "yellow.6", "grape.5", "teal.5", "orange.6", "gray.6"];
const BucketBar = partialBar("at");
const BarChart = dynamic(() => import("../../_ui/figures/charts").then((charts) => charts.BarChart), {
  ssr: false,
  loading: () => <Skeleton h={CHART_HEIGHT - LEGEND_HEIGHT} />,
});

chartsAhead();

type ChartOf = {
  readonly rows: readonly UsageRow[];
  readonly totals: readonly Total[];
  readonly grain: "hour" | "day";
  readonly buckets: number;
  /** start of the newest one, in ms, and whether it is incomplete */
  readonly last: number;
  readonly isRunning: boolean;
  /** micro-dollars of each bar in the previous period; null = not compared */
  readonly before: readonly (number | null)[] | null;
};

/** Spend per hour or day, stacked by subject, and a line of the previous period. */
export function SpendChart(of: ChartOf) {
  const momentWords = useMomentWords();
  const { totals } = of;
  if (totals.length === 0) {
    return (
      <Center h={CHART_HEIGHT}>
        <Text c="dimmed" size="sm" ta="center">
          No calls in this range.
        </Text>
      </Center>
    );
  }
  const single = totals.filter((one) => one.merged === 0);
  const shown = single.slice(0, totals.length > SERIES_MAX ? SERIES_MAX - 1 : SERIES_MAX);
  const series = shown.map((one, index) => ({
    name: `s${index}`,
    label: (one.displayName ?? one.name) || "–",
    color: COLOURS[index] ?? "gray.6",
  }));
  const others = { name: "others", label: "Others", color: "gray.6" };
  const points = pointsOf(of, shown, momentWords);
  const { before } = of;
  const axis = moneyAxis(mostOf(points, before ?? []));
  const all = totals.length > shown.length ? [...series, others] : series;
  return (
    <>
      <BarChart
        h={CHART_HEIGHT - LEGEND_HEIGHT}
        data={points}
        dataKey="at"
        type="stacked"
        series={all}
        yAxisProps={{
          width: 72,
          tickFormatter: axis.words,
          ticks: axis.ticks,
          domain: [0, axis.ticks.at(-1) ?? 0],
          interval: 0,
        }}
        // Even steps to the newest: a wider last word would leave out the one before it.
        xAxisProps={{ interval: "equidistantPreserveEnd", tickFormatter: (at: string) => at.replace(SO_FAR, "") }}
        // Room for half of the last label: without it the axis of a phone shows no other.
        barChartProps={{ margin: { top: 8, right: 20 } }}
        referenceLines={lineThrough(
          points.map(({ at }) => at),
          before ?? [],
        )}
        barProps={{ isAnimationActive: false, shape: BucketBar }}
        tickLine="none"
        valueFormatter={(value) => dollars(value)}
      />
      <Legend of={all} />
    </>
  );
}

/** Not the chart's own, which takes its height from the bars: on a phone long names left nothing of them. */
function Legend({ of }: { of: readonly { name: string; label: string; color: string }[] }) {
  return (
    <Group justify="flex-end" gap="4px 16px" mih={LEGEND_HEIGHT}>
      {of.map(({ name, label, color }) => (
        <Group key={name} gap={6} wrap="nowrap">
          <span
            className="live-dot"
            style={{ flexShrink: 0, background: `var(--mantine-color-${color.replace(".", "-")})` }}
          />
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {label}
          </Text>
        </Group>
      ))}
    </Group>
  );
}

export type Total = Pick<
  UsageRow,
  "subject" | "name" | "displayName" | "calls" | "inputTokens" | "outputTokens" | "costMicroUsd"
> & {
  share: number;
  /** > 0: of so many other subjects together */
  merged: number;
};

/** The sum of each subject, highest cost first; others together come last. */
export function totalsOf(rows: readonly UsageRow[]): Total[] {
  const sums = new Map<string, Total>();
  for (const row of rows) {
    const { merged = 0 } = row;
    const id = merged > 0 ? OTHERS : row.subject;
    const known = sums.get(id) ?? {
      ...row,
      calls: 0,
      inputTokens: 0,
      outputTokens: 0,
      costMicroUsd: 0,
      share: 0,
      merged,
    };
    sums.set(id, {
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
    .sort((left, right) => Math.sign(left.merged) - Math.sign(right.merged) || right.costMicroUsd - left.costMicroUsd);
}

/** No subject: a feature may be named "others". */
const OTHERS = "\n";

type Point = { readonly at: string; readonly [series: string]: number | string };
type MomentWords = ReturnType<typeof useMomentWords>;

/** One point per hour or day of the range in order, also without calls. */
function pointsOf(of: ChartOf, shown: readonly Total[], momentWords: MomentWords): Point[] {
  const { rows, grain, buckets, last, isRunning } = of;
  const names = new Map(shown.map((one, index) => [one.subject, `s${index}`]));
  const step = grain === "day" ? 24 * HOUR_MS : HOUR_MS;
  const points = new Map<string, Point>(
    Array.from({ length: buckets }, (_, index) => {
      const at = new Date(last - (buckets - 1 - index) * step).toISOString();
      const isPartial = isRunning && index === buckets - 1;
      return [at, { at: `${timeOf(at, of, momentWords)}${isPartial ? SO_FAR : ""}` }];
    }),
  );
  for (const row of rows) {
    const at = row.bucket ?? "";
    const point = points.get(at) ?? { at: timeOf(at, of, momentWords) };
    const name = (row.merged ? undefined : names.get(row.subject)) ?? "others";
    points.set(at, { ...point, [name]: Number(point[name] ?? 0) + row.costMicroUsd });
  }
  return [...points].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, point]) => point);
}

/** The highest bar, or the highest place of the line: the chart itself sees only its bars. */
function mostOf(points: readonly Point[], before: readonly (number | null)[]): number {
  const bars = points.map(({ at: _at, ...sums }) =>
    Object.values(sums).reduce<number>((sum, one) => sum + Number(one), 0),
  );
  return Math.max(...bars, ...before.map((one) => one ?? 0));
}

/** Hours of more than one day show their day. */
function timeOf(at: string, { grain, buckets }: ChartOf, momentWords: MomentWords): string {
  if (grain === "day")
    return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return momentWords(at, buckets > HOURS_OF_A_DAY ? "short" : "minute");
}
