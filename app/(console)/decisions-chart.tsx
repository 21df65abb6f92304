"use client";

import { Center, Skeleton, Text } from "@mantine/core";
import dynamic from "next/dynamic";
import type { Overview } from "@/lib/console/overview";
import { useMomentWords } from "../_ui/moment";

const HEIGHT = 260;
const BarChart = dynamic(() => import("../_ui/charts").then((charts) => charts.BarChart), {
  ssr: false,
  loading: () => <Skeleton h={HEIGHT} />,
});

/** Names sort in the order in which they should be read; the legend follows the name. */
const SERIES = [
  { name: "admitted", label: "Admitted", color: "river.6" },
  { name: "limited", label: "Over a limit", color: "yellow.6" },
  { name: "budget", label: "Budget used up", color: "grape.5" },
  { name: "stopped", label: "Stopped by a brake", color: "red.7" },
  { name: "other", label: "Refused otherwise", color: "gray.6" },
];

export function DecisionsChart({ points, changes }: { points: Overview["chart"]; changes: Overview["changes"] }) {
  const momentWords = useMomentWords();
  const isEmpty = points.every((point) => SERIES.every(({ name }) => Reflect.get(point, name) === 0));
  if (isEmpty) {
    return (
      <Center h={HEIGHT}>
        <Text c="dimmed" size="sm" ta="center">
          No calls in the last hour. Point an SDK at this server's /v1 and they appear here within a second.
        </Text>
      </Center>
    );
  }
  const data = points.map((point) => ({ ...point, time: momentWords(point.minute, "minute") }));
  return (
    <BarChart
      h={HEIGHT}
      data={data}
      dataKey="time"
      type="stacked"
      series={SERIES.filter(({ name }) => name === "admitted" || points.some((point) => Reflect.get(point, name) > 0))}
      withLegend
      legendProps={{ verticalAlign: "bottom" }}
      yAxisProps={{ width: 44, allowDecimals: false }}
      xAxisProps={{ interval: 9 }}
      barProps={{ isAnimationActive: false }}
      tickLine="none"
      referenceLines={marksOf(points, changes).map(({ minute, what }) => ({
        x: momentWords(minute, "minute"),
        label: what,
        color: "gray.6",
        labelPosition: "insideTopLeft",
      }))}
      valueFormatter={(value) => value.toLocaleString("en-US")}
    />
  );
}

/** Where limits were edited or brakes set: one mark per minute, in a word or two. */
function marksOf(points: Overview["chart"], changes: Overview["changes"]): { minute: string; what: string }[] {
  const marks = new Map<string, Set<string>>();
  for (const { at, change } of changes) {
    const [verb = ""] = change.split(" ");
    const word = MARKS[verb];
    const minute = points.findLast((point) => point.minute <= at)?.minute;
    if (word === undefined || minute === undefined) continue;
    marks.set(minute, (marks.get(minute) ?? new Set()).add(word));
  }
  return [...marks].map(([minute, words]) => ({ minute, what: [...words].join(", ") }));
}

const MARKS: Readonly<Record<string, string>> = {
  "brakes.set": "brake",
  "brakes.lift": "lifted",
  "tiers.publish": "limits",
  "overrides.create": "override",
  "limits.import": "limits",
};
