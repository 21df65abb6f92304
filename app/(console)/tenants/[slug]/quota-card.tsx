"use client";

import { Box, Card, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { QuotaView } from "@/lib/console/tenants/tenant-quota";
import { api } from "../../../_ui/data/api";
import { useLive } from "../../../_ui/data/live";
import { isOverridable, QuotaLine } from "../../../_ui/limits/quota-line";
import { Empty } from "../../../_ui/notices/empty";
import { Failed } from "../../../_ui/shell/page-head";

// Loaded later: its fields are a tenth of the page's code, and few visits need them.
const Boost = dynamic(() => import("./boost").then((part) => part.Boost), { ssr: false });

const EVERY_MS = 1000;

/** The tenant's own limits as its next call meets them, from the same function that decides. */
export function QuotaCard({ slug, canBoost }: { slug: string; canBoost: boolean }) {
  const [boosted, setBoosted] = useState<QuotaView["limits"][number] | null>(null);
  const isStoreAway = (useLive().data?.instances.storeAway ?? 0) > 0;
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
        <Box mb="md">
          <Failed what="The counters could not be read" error={quota.error} />
        </Box>
      )}
      {quota.data === undefined && quota.error === null && <Skeleton h={120} />}
      {quota.data?.limits.length === 0 && <Empty>No tenant-wide limits.</Empty>}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        {quota.data?.limits.map((line) => (
          <QuotaLine
            key={`${line.layer} ${line.name}`}
            line={line}
            at={quota.data.at}
            isStoreAway={isStoreAway}
            namesUser={false}
            onChange={canBoost && isOverridable(line) ? () => setBoosted(line) : null}
          />
        ))}
      </SimpleGrid>
      {boosted !== null && <Boost slug={slug} line={boosted} onClose={() => setBoosted(null)} />}
    </Card>
  );
}
