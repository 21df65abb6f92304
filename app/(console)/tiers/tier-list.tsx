"use client";

import { Badge, Button, Card, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { amount, plural } from "../../_ui/figures/format";
import { Act } from "../../_ui/forms/act";
import { RemoveDialog } from "../../_ui/forms/remove-dialog";
import { Empty } from "../../_ui/notices/empty";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { perWords } from "./limit-words";
import { NewTier } from "./new-tier";
import { Overrides } from "./overrides";

type Dialog =
  | { readonly kind: "new"; readonly from: string | null }
  | { readonly kind: "remove"; readonly slug: string };

/** Tiers with their limits; each links to its editor. */
export function TierList({ canEdit }: { canEdit: boolean }) {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  return (
    <Stack gap="md">
      <PageHead
        title="Tiers"
        about="The limits of each commercial level. A published change is in force for the next call. Current usage is kept."
      >
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog({ kind: "new", from: null })}>
            New tier
          </Button>
        )}
      </PageHead>
      <Failed what="The tiers could not be loaded" error={tiers.error} />
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        {tiers.data === undefined &&
          tiers.error === null &&
          ["a", "b", "c"].map((name) => <Skeleton key={name} h={230} radius="md" />)}
        {tiers.data?.tiers.map((tier) => (
          <TierCard key={tier.slug} tier={tier} canEdit={canEdit} onDialog={setDialog} />
        ))}
      </SimpleGrid>
      {tiers.data?.tiers.length === 0 && (
        <Card>
          <Empty>No tiers yet. Create one: every tenant needs a tier.</Empty>
        </Card>
      )}
      {tiers.data !== undefined && <Overrides tiers={tiers.data.tiers} canEdit={canEdit} />}
      {dialog?.kind === "new" && (
        <NewTier tiers={tiers.data?.tiers ?? []} from={dialog.from} onClose={() => setDialog(null)} />
      )}
      {dialog?.kind === "remove" && (
        <RemoveDialog
          what={`tier ${dialog.slug}`}
          note="Only a tier without tenants can be removed. Its versions stay in the audit log."
          path={`tiers/${dialog.slug}`}
          onClose={() => setDialog(null)}
        />
      )}
    </Stack>
  );
}

function TierCard(props: { tier: TierView; canEdit: boolean; onDialog: (dialog: Dialog) => void }) {
  const { tier, canEdit, onDialog } = props;
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
            <Group key={limit.id} justify="space-between" gap="0 var(--mantine-spacing-xs)">
              <Text size="sm" c="dimmed">
                {limit.name}
              </Text>
              <Text size="sm" fw={550} className="figure" ml="auto" style={{ whiteSpace: "nowrap" }}>
                {amount(limit.dimension, limit.capacity)}
                {perWords(limit)}
              </Text>
            </Group>
          ))}
          {tier.limits.length === 0 && <Text size="sm">No limits. Every call is admitted.</Text>}
        </Stack>
        <Button component={Link} href={`/tiers/${tier.slug}`} variant="light">
          Edit {tier.name}
        </Button>
        {canEdit && (
          <Group gap="xs" justify="center">
            <Act label="Copy" of={tier.name} onClick={() => onDialog({ kind: "new", from: tier.slug })} />
            {tier.tenants === 0 && (
              <Act label="Remove" of={tier.name} onClick={() => onDialog({ kind: "remove", slug: tier.slug })} />
            )}
          </Group>
        )}
      </Stack>
    </Card>
  );
}
