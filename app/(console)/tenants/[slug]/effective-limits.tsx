"use client";

import { Alert, Anchor, Card, Group, List, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { EffectiveLimits as View } from "@/lib/console/limits/effective";
import { api } from "../../../_ui/data/api";
import { LimitOrigin } from "../../../_ui/limits/origin/limit-origin";
import { Empty } from "../../../_ui/notices/empty";
import { Failed } from "../../../_ui/shell/page-head";

/** Every limit of the tenant, and the source of its number: the step in bold is in force. */
export function EffectiveLimits({ slug, tier }: { slug: string; tier: string }) {
  const seen = useQuery({
    queryKey: ["effective", slug],
    queryFn: () => api<View>(`tenants/${encodeURIComponent(slug)}/limits`),
  });
  return (
    <Card component="section" aria-label="Limits and where they come from">
      <Group justify="space-between" mb="xs">
        <Title order={2} fz="md">
          Limits and where they come from
        </Title>
        <Anchor component={Link} href={`/tiers/${tier}`} size="sm">
          Edit the tier
        </Anchor>
      </Group>
      <Failed what="The limits could not be loaded" error={seen.error} />
      {seen.data === undefined && seen.error === null && <Skeleton h={120} />}
      {seen.data !== undefined && seen.data.contradictions.length > 0 && (
        <Alert color="orange" title="Check these" mb="sm">
          <List size="sm">
            {seen.data.contradictions.map((one) => (
              <List.Item key={one}>{one}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {seen.data?.limits.length === 0 && <Empty>No limits. Every call is admitted.</Empty>}
      <Stack gap="md">
        {seen.data?.limits.map((limit) => (
          <LimitOrigin key={limit.name} limit={limit} />
        ))}
      </Stack>
    </Card>
  );
}
