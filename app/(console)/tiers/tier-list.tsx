"use client";

import { Badge, Button, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { amount, plural } from "../../_ui/figures/format";
import { Failed } from "../../_ui/shell/page-head";
import { spanWords } from "./limit-words";
import { Overrides } from "./overrides";

export function TierList({ canEdit }: { canEdit: boolean }) {
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  return (
    <Stack gap="md">
      <div>
        <Title order={1} fz="h2">
          Tiers
        </Title>
        <Text c="dimmed" size="sm">
          The limits that come with each commercial level. A published change is obeyed by the next call; what was used
          is kept.
        </Text>
      </div>
      <Failed what="The tiers could not be loaded" error={tiers.error} />
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        {tiers.data === undefined &&
          tiers.error === null &&
          ["a", "b", "c"].map((name) => <Skeleton key={name} h={230} radius="md" />)}
        {tiers.data?.tiers.map((tier) => (
          <TierCard key={tier.slug} tier={tier} />
        ))}
      </SimpleGrid>
      {tiers.data !== undefined && <Overrides tiers={tiers.data.tiers} canEdit={canEdit} />}
      {tiers.data?.tiers.length === 0 && <Text>No tiers yet. `npm run seed:demo` adds three.</Text>}
    </Stack>
  );
}

function TierCard({ tier }: { tier: TierView }) {
  return (
    <Card component="section" aria-label={tier.name}>
      <Stack gap="sm" h="100%">
        <div>
          <Group justify="space-between">
            <Text fw={650} fz="lg">
              {tier.name}
            </Text>
            <Badge variant="light" tt="none">
              version {tier.version}
            </Badge>
          </Group>
          <Text size="xs" c="dimmed">
            {tier.slug} · {plural(tier.tenants, "tenant")}
          </Text>
        </div>
        <Stack gap={6} flex={1}>
          {tier.limits.map((limit) => (
            <Group key={limit.id} justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" c="dimmed" truncate>
                {limit.name}
              </Text>
              <Text size="sm" fw={550} className="figure" style={{ whiteSpace: "nowrap" }}>
                {amount(limit.dimension, limit.capacity)}
                {spanWords(limit)}
              </Text>
            </Group>
          ))}
          {tier.limits.length === 0 && <Text size="sm">No limits. Every call is admitted.</Text>}
        </Stack>
        <Button component={Link} href={`/tiers/${tier.slug}`} variant="light">
          Edit {tier.name}
        </Button>
      </Stack>
    </Card>
  );
}
