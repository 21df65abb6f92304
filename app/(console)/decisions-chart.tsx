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

export function DecisionsChart({ points }: { points: Overview["chart"] }) {
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
      valueFormatter={(value) => value.toLocaleString("en-US")}
    />
  );
}
