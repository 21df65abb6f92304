"use client";

import { Alert, Button, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isWatched } from "@/lib/console/tiers/observed-draft.shared";
import type { ObservedView } from "@/lib/console/tiers/observed-limits";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { count, plural } from "../../../_ui/figures/format";

const EVERY_MS = 5000;

/** Would-be refusals of a tier's observing limits; nothing when it has none. */
export function Observed({ tier, onPutInForce }: { tier: TierView; onPutInForce?: () => void }) {
  const isAny = tier.limits.some((limit) => limit.observe);
  const seen = useQuery({
    queryKey: ["tiers", tier.slug, "observed", tier.version],
    queryFn: () => api<ObservedView>(`tiers/${encodeURIComponent(tier.slug)}/observed`),
    refetchInterval: EVERY_MS,
    enabled: isAny,
  });
  if (!isAny || seen.data === undefined) return null;
  return (
    <Alert color="blue" title="Observed, not enforced" role="region" aria-label="Observed, not enforced">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">Calls that these limits would have refused in the last 24 hours:</Text>
        <List size="sm">
          {seen.data.limits.map((limit) => (
            <List.Item key={limit.name}>
              {limit.name}: {plural(limit.count, "call")}
              {limit.tenants.length > 0 &&
                ` (${limit.tenants.map((one) => `${one.tenant} ${count(one.count)}`).join(", ")})`}
            </List.Item>
          ))}
        </List>
        {onPutInForce !== undefined && tier.limits.some(isWatched) && (
          <Button size="xs" variant="default" onClick={onPutInForce}>
            Load them as a draft
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
