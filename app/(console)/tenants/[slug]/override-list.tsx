"use client";

import { Badge, Button, Card, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { OverrideView } from "@/lib/console/limits/overrides";
import { api } from "../../../_ui/data/api";
import { amount, fromNow } from "../../../_ui/figures/format";
import { useRemoveOverride } from "../../../_ui/limits/remove-override";
import { Failed } from "../../../_ui/shell/page-head";
import { Term } from "../../../_ui/words/term";

/** This tenant's overrides of its tier, patterns included. Hidden when there are none. */
export function OverrideList({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const overrides = useQuery({
    queryKey: ["overrides", slug],
    queryFn: () => api<{ overrides: OverrideView[] }>(`overrides?tenant=${encodeURIComponent(slug)}`),
  });
  const remove = useRemoveOverride();
  const active = overrides.data?.overrides.filter((one) => one.active) ?? [];
  if (active.length === 0) return <Failed what="The overrides could not be loaded" error={overrides.error} />;
  return (
    <Card component="section" aria-label="Overrides">
      <Text fw={600} mb="xs">
        <Term of="override">Overrides</Term>
      </Text>
      <Stack gap="sm">
        {active.map((one) => (
          <Group key={one.id} justify="space-between" wrap="nowrap" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Group gap={8}>
                <Text size="sm" fw={550}>
                  {one.limit}
                </Text>
                <Text size="sm" className="figure">
                  {one.capacity === null ? "not applied" : amount(one.dimension ?? "", one.capacity)}
                </Text>
                {one.keyFamily !== null && (
                  <Badge variant="outline" color="gray" tt="none">
                    for one key
                  </Badge>
                )}
                {one.tenant !== slug && (
                  <Badge variant="outline" color="gray" tt="none">
                    for {one.tenant}
                  </Badge>
                )}
              </Group>
              <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                {one.reason} · {one.createdBy} ·{" "}
                {one.expiresAt === null ? "until it is removed" : `ends ${fromNow(one.expiresAt, Date.now())}`}
              </Text>
            </div>
            {canEdit && (
              <Button
                variant="default"
                size="compact-sm"
                style={{ flexShrink: 0 }}
                aria-label={`Remove the override of ${one.limit}: ${one.reason}`}
                loading={remove.isPending && remove.variables.id === one.id}
                onClick={() => remove.mutate(one)}
              >
                Remove
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
