"use client";

import { Group, Text, Tooltip } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useState } from "react";
import { useLive } from "../data/live";

const TICK_MS = 500;
const STALE_MS = 3000;
const LOST_MS = 10_000;

/** The age of this page's figures: green while they are live, otherwise amber or red. */
export function LiveRibbon() {
  const live = useLive();
  const [now, setNow] = useState<number | null>(null);
  useInterval(() => setNow(Date.now()), TICK_MS, { autoInvoke: true });
  const isLost = live.dataUpdatedAt === 0 && live.failureCount > 1;
  if (isLost) return <NoFigures />;
  if (now === null || live.dataUpdatedAt === 0) return null;
  const ageMs = Math.max(0, now - live.dataUpdatedAt);
  const { alive = 0, current = 0 } = live.data?.instances ?? {};
  const instances = `${current} of ${alive} ${alive === 1 ? "instance" : "instances"}`;
  const state = ageMs < STALE_MS ? "live" : ageMs < LOST_MS ? "delayed" : "no data";
  const colour = { live: "teal", delayed: "yellow", "no data": "red" }[state];
  return (
    <Tooltip
      label={`Figures are ${(ageMs / 1000).toFixed(1)} s old; limits version ${live.data?.policyVersion ?? "?"} on ${instances}`}
    >
      <Group gap={6} wrap="nowrap" role="status" aria-label={`Data is ${state}`}>
        <span className="live-dot" style={{ background: `var(--mantine-color-${colour}-6)` }} />
        <Text size="sm" c="dimmed" className="figure" visibleFrom="xs">
          {state} {(ageMs / 1000).toFixed(1)} s
        </Text>
      </Group>
    </Tooltip>
  );
}

/** Before the first figures, when they do not come. */
function NoFigures() {
  return (
    <Group gap={6} wrap="nowrap" role="status" aria-label="No figures arrive">
      <span className="live-dot" style={{ background: "var(--mantine-color-red-6)" }} />
      <Text size="sm" c="dimmed" visibleFrom="xs">
        no data
      </Text>
    </Group>
  );
}
