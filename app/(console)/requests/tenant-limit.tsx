"use client";

import { Anchor, Card, Group, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { EffectiveLimits } from "@/lib/console/limits/effective";
import { api } from "../../_ui/data/api";
import { useTenantName } from "../../_ui/data/names";
import { LimitOrigin } from "../../_ui/limits/origin/limit-origin";

/** The source of a refusing limit's number for this tenant, and who set it; nothing for a key's own limits. */
export function TenantLimit({ tenant, limit }: { tenant: string; limit: string }) {
  const seen = useQuery({
    queryKey: ["effective", tenant],
    queryFn: () => api<EffectiveLimits>(`tenants/${encodeURIComponent(tenant)}/limits`),
  });
  const name = useTenantName(tenant);
  const found = seen.data?.limits.find((one) => one.name === limit);
  if (found === undefined) return null;
  return (
    <Card component="section" aria-label="Where this limit is set">
      <Group justify="space-between" mb="xs">
        <Title order={2} fz="md">
          Where this limit is set
        </Title>
        <Anchor component={Link} href={`/tenants/${tenant}`} size="sm">
          Open {name}
        </Anchor>
      </Group>
      <LimitOrigin limit={found} />
    </Card>
  );
}
