"use client";

import { Group, Text, Tooltip } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { type ComponentPropsWithRef, useState } from "react";
import { useLive } from "../data/live";
import { duration } from "../figures/format";

const TICK_MS = 500;
const STALE_MS = 3000;
const LOST_MS = 10_000;
const COLOURS = { waiting: "gray", live: "teal", delayed: "yellow", "no data": "red" } as const;
/** Of "delayed 9.9 s", the longest text, so that nothing in the header moves when the figures come and age. */
const TEXT_PX = 96;

/** The age of this page's figures: green while they are live, otherwise amber or red. It always takes the same room. */
export function LiveRibbon() {
  const live = useLive();
  const [now, setNow] = useState<number | null>(null);
  useInterval(() => setNow(Date.now()), TICK_MS, { autoInvoke: true });
  const isLost = live.dataUpdatedAt === 0 && live.failureCount > 1;
  if (isLost) return <Ribbon state="no data" label="No figures arrive" text="no data" />;
  if (now === null || live.dataUpdatedAt === 0) return <Ribbon state="waiting" label="Waiting for figures" text="" />;
  const ageMs = Math.max(0, now - live.dataUpdatedAt);
  const { alive = 0, current = 0 } = live.data?.instances ?? {};
  const instances = `${current} of ${alive} ${alive === 1 ? "instance" : "instances"}`;
  const state = ageMs < STALE_MS ? "live" : ageMs < LOST_MS ? "delayed" : "no data";
  return (
    <Tooltip label={`Figures are ${age(ageMs)} old; limits version ${live.data?.policyVersion ?? "?"} on ${instances}`}>
      <Ribbon state={state} label={`Data is ${state}`} text={`${state} ${age(ageMs)}`} />
    </Tooltip>
  );
}

/** "0.4 s", "37 s", "12 min": without decimals once they say nothing. */
function age(ms: number): string {
  return ms < LOST_MS ? `${(ms / 1000).toFixed(1)} s` : duration(Math.floor(ms / 1000));
}

type RibbonOf = { readonly state: keyof typeof COLOURS; readonly label: string; readonly text: string };

/** A tooltip hands on its reference and its listeners. */
function Ribbon({ state, label, text, ...others }: RibbonOf & ComponentPropsWithRef<"div">) {
  return (
    <Group gap={6} wrap="nowrap" role="status" aria-label={label} {...others}>
      <span className="live-dot" style={{ background: `var(--mantine-color-${COLOURS[state]}-6)` }} />
      <Text size="sm" c="dimmed" className="figure" visibleFrom="xs" miw={TEXT_PX} style={{ whiteSpace: "nowrap" }}>
        {text}
      </Text>
    </Group>
  );
}
