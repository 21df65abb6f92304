"use client";

import { SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { QuotaView } from "@/lib/console/quota";
import { api } from "../../_ui/api";
import { QuotaLine } from "../../_ui/quota-line";

const EVERY_MS = 2000;

/** Every limit of a call's caller as its next call would find it: by the function that decides. */
export function CallerNow({ requestId }: { requestId: string }) {
  const seen = useQuery({
    queryKey: ["explain", requestId],
    queryFn: () => api<{ quota: QuotaView }>(`explain?requestId=${requestId}`),
    refetchInterval: EVERY_MS,
  });
  if (seen.data === undefined) return null;
  return (
    <section aria-label="What its caller has left now">
      <Text fw={600} size="sm" mt="md" mb="xs">
        What its caller has left now
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        {seen.data.quota.limits.map((line) => (
          <QuotaLine key={`${line.layer} ${line.name}`} line={line} />
        ))}
      </SimpleGrid>
    </section>
  );
}
