"use client";

import { Alert, Button, Card, Group, Progress, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QuotaView } from "@/lib/console/quota";
import { api } from "../../../_ui/api";
import { amount, duration, usedOf } from "../../../_ui/format";
import { Boost } from "./boost";

const EVERY_MS = 1000;

/** The tenant's own limits as its next call will find them: the same function decides and tells. */
export function QuotaCard({ slug, canBoost }: { slug: string; canBoost: boolean }) {
  const [boosted, setBoosted] = useState<QuotaView["limits"][number] | null>(null);
  const quota = useQuery({
    queryKey: ["quota", slug],
    queryFn: () => api<QuotaView>(`quota?tenant=${encodeURIComponent(slug)}`),
    refetchInterval: EVERY_MS,
  });
  return (
    <Card component="section" aria-label="What is left now">
      <Text fw={600} mb="xs">
        What is left now
      </Text>
      {quota.error !== null && (
        <Alert color="red" title="The counters could not be read">
          {quota.error.message}
        </Alert>
      )}
      {quota.data === undefined && quota.error === null && <Skeleton h={120} />}
      {quota.data?.limits.length === 0 && <Text size="sm">No limits of its own: every call is admitted.</Text>}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        {quota.data?.limits.map((line) => (
          <Line key={line.name} line={line} onBoost={canBoost ? () => setBoosted(line) : null} />
        ))}
      </SimpleGrid>
      {boosted !== null && <Boost slug={slug} line={boosted} onClose={() => setBoosted(null)} />}
    </Card>
  );
}

function Line({ line, onBoost }: { line: QuotaView["limits"][number]; onBoost: (() => void) | null }) {
  const share = line.limit === 0 ? 100 : Math.min(100, (line.used / line.limit) * 100);
  const held = line.reserved ?? 0;
  const heldShare = Math.min(share, line.limit === 0 ? 0 : (held / line.limit) * 100);
  const color = share >= 95 ? "red" : share >= 80 ? "orange" : "teal";
  const isDebt = line.used > line.limit;
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={550} truncate>
          {line.name}
        </Text>
        <Text size="sm" className="figure" style={{ whiteSpace: "nowrap" }}>
          {usedOf(line.dimension, line.used, line.limit)}
        </Text>
      </Group>
      {/* The figures above say it in words. */}
      <Progress.Root aria-hidden>
        <Progress.Section value={share - heldShare} color={color} withAria={false} />
        <Progress.Section value={heldShare} color={color} striped withAria={false} />
      </Progress.Root>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Text size="xs" c="dimmed">
          {isDebt
            ? `over by ${amount(line.dimension, line.used - line.limit)}`
            : `${amount(line.dimension, line.remaining)} left`}
          {held > 0 && ` · ${amount(line.dimension, held)} held by running calls`}
          {line.resetSeconds > 0 && ` · whole again in ${duration(line.resetSeconds)} if nobody calls`}
          {line.exhaustedAt !== null &&
            ` · used up at ${new Date(line.exhaustedAt).toLocaleTimeString("en-GB")} at this pace`}
          {line.origin.from === "override" && ` · override: ${line.origin.reason}`}
          {line.observe && " · observed only"}
        </Text>
        {onBoost !== null && (
          <Button
            variant="subtle"
            size="compact-xs"
            style={{ flexShrink: 0 }}
            onClick={onBoost}
            aria-label={`Change… ${line.name} for this tenant`}
          >
            Change…
          </Button>
        )}
      </Group>
    </Stack>
  );
}
