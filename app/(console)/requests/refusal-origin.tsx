"use client";

import { Anchor, Card, List, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { OverrideView } from "@/lib/console/limits/overrides";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { amount } from "../../_ui/figures/format";
import { Moment } from "../../_ui/figures/moment";
import type { Refusal } from "../../_ui/forms/pasted";

/**
 * Where a refusing limit's number may come from. An error does not name its tenant, so every tier and override with
 * this limit is listed; those with exactly this number come first.
 */
export function RefusalOrigin({ refusal: { limitName, limit } }: { refusal: Refusal }) {
  const isAsked = limitName !== null;
  const tiers = useQuery({
    queryKey: ["tiers"],
    queryFn: () => api<{ tiers: TierView[] }>("tiers"),
    enabled: isAsked,
  });
  const overrides = useQuery({
    queryKey: ["overrides"],
    queryFn: () => api<{ overrides: OverrideView[] }>("overrides"),
    enabled: isAsked,
  });
  if (!isAsked || tiers.data === undefined || overrides.data === undefined) return null;
  const found = [
    ...tiers.data.tiers.flatMap((tier) =>
      tier.limits.flatMap((one) =>
        one.name !== limitName
          ? []
          : {
              id: tier.slug,
              capacity: one.capacity,
              words: (
                <>
                  <Anchor component={Link} href={`/tiers/${tier.slug}`} size="sm" underline="always">
                    tier {tier.name}
                  </Anchor>
                  : {amount(one.dimension, one.capacity)}, version {tier.version} of{" "}
                  <Moment at={tier.updatedAt} form="short" />
                </>
              ),
            },
      ),
    ),
    ...overrides.data.overrides.flatMap((one) =>
      one.limit !== limitName || one.capacity === null
        ? []
        : {
            id: one.id,
            capacity: one.capacity,
            words: (
              <>
                override for {one.tenant}: {amount(one.dimension ?? "", one.capacity)}, by {one.createdBy}: {one.reason}
              </>
            ),
          },
    ),
  ];
  if (found.length === 0) return null;
  const isIt = (capacity: number) => capacity === limit;
  const ordered = [...found].sort((left, right) => Number(isIt(right.capacity)) - Number(isIt(left.capacity)));
  return (
    <Card component="section" aria-label="Where this limit is set">
      <Title order={2} fz="md" mb="xs">
        Where this limit is set
      </Title>
      <List size="sm">
        {ordered.map((one) => (
          <List.Item key={one.id}>
            {one.words}
            {isIt(one.capacity) && (
              <Text span size="sm" fw={600}>
                {" "}
                ← the number that refused
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </Card>
  );
}
