"use client";

import { Group, RingProgress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { InstancesView } from "@/lib/console/money/usage";
import { api } from "../data/api";

const LOOK_EVERY_MS = 500;

/** How many of the processes alive enforce the newest policy, and the longest time to adopt it. */
export function Propagation() {
  const seen = useQuery({
    queryKey: ["instances"],
    queryFn: () => api<InstancesView>("instances"),
    refetchInterval: ({ state }) => (state.data === undefined || !isEverywhere(state.data) ? LOOK_EVERY_MS : 5000),
  });
  if (seen.data === undefined) return null;
  const alive = seen.data.instances.filter((one) => one.alive);
  const current = alive.filter((one) => one.current);
  const slowest = Math.max(0, ...current.map((one) => one.tookMs ?? 0));
  const share = alive.length === 0 ? 0 : (current.length / alive.length) * 100;
  return (
    <Group gap={8} wrap="nowrap" role="status" aria-label="Rollout">
      <RingProgress
        size={28}
        thickness={4}
        sections={[{ value: share, color: share === 100 ? "teal.7" : "orange.7" }]}
        aria-hidden
      />
      <Text size="sm" className="figure">
        In force on {current.length} of {alive.length} {alive.length === 1 ? "process" : "processes"}
        {slowest > 0 && ` · the slowest after ${slowest} ms`}
      </Text>
    </Group>
  );
}

function isEverywhere({ instances }: InstancesView): boolean {
  return instances.every((one) => !one.alive || one.current);
}
