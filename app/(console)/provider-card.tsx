"use client";

import { Anchor, Badge, Card, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ProviderHealth } from "@/lib/console/providers/provider-health";
import { api } from "../_ui/data/api";
import { count } from "../_ui/figures/format";
import { Empty } from "../_ui/notices/empty";
import { Failed } from "../_ui/shell/page-head";

const EVERY_MS = 10_000;
const SHOWN_MAX = 5;
const FAILING_SHARE = 0.05;

/** The providers' state, one line each; details are under Status. */
export function ProviderCard() {
  const seen = useQuery({
    queryKey: ["provider-health"],
    queryFn: () => api<ProviderHealth>("providers"),
    refetchInterval: EVERY_MS,
  });
  const called = seen.data?.providers.filter((one) => one.calls > 0) ?? [];
  return (
    <Card component="section" aria-label="Providers" flex="1 0 auto">
      <Group justify="space-between" mb="sm">
        <Text fw={600}>Providers, last 15 minutes</Text>
        <Anchor component={Link} href="/status" size="sm">
          Status
        </Anchor>
      </Group>
      <Failed what="The providers could not be loaded" error={seen.error} />
      {seen.data !== undefined && called.length === 0 && <Empty>No calls.</Empty>}
      <Stack gap="xs">
        {called.slice(0, SHOWN_MAX).map((one) => (
          <Group key={one.slug} justify="space-between" gap="xs" wrap="nowrap">
            <Text size="sm" truncate>
              {one.name}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <Text size="sm" c="dimmed" className="figure" visibleFrom="sm">
                {one.p95Ms === null ? "" : `p95 ${count(one.p95Ms)} ms`}
              </Text>
              <Badge tt="none" color={one.failed / one.calls > FAILING_SHARE ? "red.9" : "teal.9"} miw="max-content">
                {((one.failed / one.calls) * 100).toFixed(1)} % failed
              </Badge>
            </Group>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
