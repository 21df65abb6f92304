"use client";

import { Anchor, Card, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { NearestView } from "@/lib/console/tenants/nearest";
import { api } from "../../../_ui/data/api";
import { userPath } from "../../../_ui/data/user-path";
import { QuotaLine } from "../../../_ui/limits/quota-line";
import { Failed } from "../../../_ui/shell/page-head";

const EVERY_MS = 3000;

/** Limits that single keys, users and features use up while the tenant as a whole has room. Empty while none is used. */
export function NearestCard({ slug }: { slug: string }) {
  const nearest = useQuery({
    queryKey: ["nearest", slug],
    queryFn: () => api<NearestView>(`tenants/${encodeURIComponent(slug)}/nearest`),
    refetchInterval: EVERY_MS,
  });
  const limits = nearest.data?.limits ?? [];
  if (limits.length === 0)
    return <Failed what="Keys, users and features near a limit could not be loaded" error={nearest.error} />;
  return (
    <Card component="section" aria-label="Keys, users and features near a limit">
      <Text fw={600}>Keys, users and features near a limit</Text>
      <Text size="xs" c="dimmed" mb="xs">
        among the callers of the last hour
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        {limits.map((line) => (
          <Stack key={`${line.of.kind} ${line.of.id} ${line.name}`} gap={0}>
            <Text size="xs" c="dimmed" truncate>
              {line.of.kind}{" "}
              <Anchor component={Link} href={placeOf(slug, line)} size="xs" underline="always">
                {line.of.name ?? "none named"}
              </Anchor>
            </Text>
            <QuotaLine line={line} at={nearest.data?.at ?? ""} />
          </Stack>
        ))}
      </SimpleGrid>
    </Card>
  );
}

/** Links: a user's page; a feature's calls in the request log; for a key, the tenant's calls that this limit refused. */
function placeOf(slug: string, { of, name }: NearestView["limits"][number]): string {
  if (of.kind === "user" && of.name !== null) return userPath(slug, of.name);
  const more = of.kind === "feature" && of.name !== null ? { feature: of.name } : { limitName: name };
  return `/requests/log?${new URLSearchParams({ tenant: slug, ...more })}`;
}
