"use client";

import { Center, Skeleton, Text } from "@mantine/core";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { memo, useState } from "react";
import type { Overview } from "@/lib/console/overview/overview";
import { chartsAhead } from "../_ui/figures/charts-ahead";
import { useMomentWords } from "../_ui/figures/moment";
import { lineThrough, roundTop } from "../_ui/time/line-through";
import { partialBar, SO_FAR } from "../_ui/time/partial-bar";
import { chosenMinutes, type Drag, placeOf, pressed } from "./overview/chosen-minutes";

const HEIGHT = 260;
const BarChart = dynamic(() => import("../_ui/figures/charts").then((charts) => charts.BarChart), {
  ssr: false,
  loading: () => <Skeleton h={HEIGHT} />,
});
const ReferenceArea = dynamic(() => import("../_ui/figures/charts").then((charts) => charts.ReferenceArea), {
  ssr: false,
});

chartsAhead();

/** Names sort in reading order; the legend follows the name. */
const SERIES = [
  { name: "admitted", label: "Admitted", color: "river.6" },
  { name: "limited", label: "Over a limit", color: "yellow.6" },
  { name: "budget", label: "Budget used up", color: "grape.5" },
  { name: "stopped", label: "Stopped by a brake", color: "red.7" },
  { name: "other", label: "Other refusals", color: "gray.6" },
];

const MinuteBar = partialBar("time");

/** Redrawn only when its data has changed: figures come twice a second, into every open tab. */
export const DecisionsChart = memo(Drawn, (before, after) => JSON.stringify(before) === JSON.stringify(after));

type ChartOf = {
  readonly points: Overview["chart"];
  readonly changes: Overview["changes"];
  /** all calls of the same minutes a day earlier; null = not compared */
  readonly before: readonly (number | null)[] | null;
};

function Drawn({ points, changes, before }: ChartOf) {
  const momentWords = useMomentWords();
  const router = useRouter();
  const [drag, setDrag] = useState<(Drag & { readonly x: number }) | null>(null);
  const isEmpty = points.every((point) => SERIES.every(({ name }) => Reflect.get(point, name) === 0));
  if (isEmpty) {
    return (
      <Center h={HEIGHT}>
        <Text c="dimmed" size="sm" ta="center">
          No calls in the last hour. Point an SDK at this server's /v1. Calls appear here within a second.
        </Text>
      </Center>
    );
  }
  const last = points.length - 1;
  const timeOf = (index: number) => momentWords(points[index]?.minute ?? "", "minute");
  const times = points.map((_point, index) => (index === last ? `${timeOf(index)}${SO_FAR}` : timeOf(index)));
  const data = points.map((point, index) => ({ ...point, time: times[index] ?? "" }));
  const marks = marksOf(points, changes).map(({ index, what }) => ({
    x: data[index]?.time ?? "",
    label: what,
    color: "gray.6",
    // Towards the middle, so that no word is cut off at the edge.
    labelPosition: index < points.length / 2 ? ("insideTopLeft" as const) : ("insideTopRight" as const),
  }));
  const finish = (x: number) => {
    const chosen =
      drag === null
        ? null
        : chosenMinutes(
            points.map(({ minute }) => minute),
            pressed(drag, x - drag.x),
          );
    setDrag(null);
    if (chosen !== null) router.push(`/requests/log?${new URLSearchParams(chosen)}`);
  };
  return (
    <BarChart
      h={HEIGHT}
      data={data}
      dataKey="time"
      type="stacked"
      series={SERIES.filter(({ name }) => name === "admitted" || points.some((point) => Reflect.get(point, name) > 0))}
      withLegend
      legendProps={{ verticalAlign: "bottom" }}
      yAxisProps={{ width: 44, allowDecimals: false, domain: [0, before === null ? "auto" : topOf(points, before)] }}
      xAxisProps={{ interval: 9 }}
      barProps={{ isAnimationActive: false, shape: MinuteBar }}
      barChartProps={{
        style: { cursor: "pointer" },
        onMouseDown: ({ activeTooltipIndex }, { clientX: x }) => {
          const place = placeOf(activeTooltipIndex, points.length);
          setDrag(place === null ? null : { from: place, to: place, x });
        },
        onMouseMove: ({ activeTooltipIndex }) => {
          const place = placeOf(activeTooltipIndex, points.length);
          if (place !== null) setDrag((before) => before && { ...before, to: place });
        },
        onMouseUp: (_state, { clientX }) => finish(clientX),
        onMouseLeave: () => setDrag(null),
      }}
      tickLine="none"
      referenceLines={[...marks, ...lineThrough(times, before ?? [])]}
      valueFormatter={(value) => value.toLocaleString("en-US")}
    >
      {drag !== null && drag.from !== drag.to && (
        <ReferenceArea x1={data[drag.from]?.time ?? ""} x2={data[drag.to]?.time ?? ""} fillOpacity={0.25} />
      )}
    </BarChart>
  );
}

/** Above both the bars and the line of the day before: the chart itself sees only its bars. */
function topOf(points: Overview["chart"], before: readonly (number | null)[]): number {
  const bars = points.map((point) => point.admitted + point.limited + point.budget + point.stopped + point.other);
  return roundTop(Math.max(...bars, ...before.map((one) => one ?? 0)));
}

/** Marks edits of limits and brakes, one mark per minute. Words appear only where there is room. */
function marksOf(points: Overview["chart"], changes: Overview["changes"]): { index: number; what: string }[] {
  const marks = new Map<number, Set<string>>();
  for (const { at, change } of changes) {
    const word = MARKS[change.split(" ")[0] ?? ""];
    const index = points.findLastIndex((point) => point.minute <= at);
    if (word !== undefined && index >= 0) marks.set(index, (marks.get(index) ?? new Set()).add(word));
  }
  let next = Number.POSITIVE_INFINITY;
  return [...marks]
    .sort(([left], [right]) => right - left)
    .map(([index, words]) => {
      const hasRoom = next - index >= ROOM_MINUTES;
      if (hasRoom) next = index;
      return { index, what: hasRoom ? [...words].join(", ") : "" };
    });
}

const ROOM_MINUTES = 8;

const MARKS: Readonly<Record<string, string>> = {
  "brakes.set": "brake",
  "brakes.lift": "lifted",
  "tiers.publish": "limits",
  "overrides.create": "override",
  "limits.import": "limits",
};
