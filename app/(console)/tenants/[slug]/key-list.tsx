"use client";

import { Badge, Button, Card, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { KeyView } from "@/lib/console/keys/keys";
import { api } from "../../../_ui/data/api";
import { CopyId } from "../../../_ui/figures/copy-id";
import { fromNow } from "../../../_ui/figures/format";
import { Empty } from "../../../_ui/notices/empty";
import { Failed } from "../../../_ui/shell/page-head";
import type { KeyDialog } from "../../keys/key-dialogs";
import { type KeyActs, KeyMenu } from "../../keys/key-menu";
import { rotationWords } from "../../keys/rotation-words";
import { SparseEnvironments } from "../../keys/sparse-environments";
import { useUsedFrom } from "../../keys/used-from";

// Loaded later: its fields are much of the page's code, and few visits need them.
const KeyDialogs = dynamic(() => import("../../keys/key-dialogs").then((part) => part.KeyDialogs), { ssr: false });

/** A tenant's keys, usable ones first, with the actions on each. */
export function KeyList({ slug, ...rights }: { slug: string } & Omit<KeyActs, "onDialog">) {
  const [dialog, setDialog] = useState<KeyDialog | null>(null);
  const keys = useQuery({
    queryKey: ["keys", slug],
    queryFn: () => api<{ keys: KeyView[] }>(`keys?tenant=${encodeURIComponent(slug)}`),
    refetchInterval: 5000,
  });
  const isOver = (key: KeyView) => key.status !== "active";
  const usedFrom = useUsedFrom(keys.data?.keys.map(({ id }) => id) ?? []);
  const shown = [...(keys.data?.keys ?? [])].sort((left, right) => Number(isOver(left)) - Number(isOver(right)));
  return (
    <Card component="section" aria-label="Keys">
      <Group justify="space-between" mb="sm">
        <Text fw={600}>Keys</Text>
        {rights.canMake && (
          <Button
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => setDialog({ kind: "new", tenant: slug })}
          >
            New key
          </Button>
        )}
      </Group>
      <Failed what="The keys could not be loaded" error={keys.error} />
      {keys.data === undefined && keys.error === null && <Skeleton h={120} />}
      {keys.data?.keys.length === 0 && <Empty>No keys yet. This tenant cannot make calls.</Empty>}
      <SparseEnvironments keys={shown} />
      <Stack gap="xs">
        {shown.map((key) => (
          <Row key={key.id} of={key} usedFrom={usedFrom.get(key.id)} acts={{ ...rights, onDialog: setDialog }} />
        ))}
      </Stack>
      {dialog !== null && <KeyDialogs dialog={dialog} onClose={() => setDialog(null)} />}
    </Card>
  );
}

function Row({ of: key, usedFrom, acts }: { of: KeyView; usedFrom: string | undefined; acts: KeyActs }) {
  const isActive = key.status === "active";
  const due = rotationWords(key, Date.now());
  return (
    <Paper withBorder p="sm" data-testid={`key-${key.id}`} opacity={isActive ? 1 : 0.75}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap={8}>
            <Text fw={550}>{key.name}</Text>
            <Badge variant="dot" color={isActive ? "teal" : "gray.6"} tt="none">
              {key.status}
            </Badge>
            <Badge variant="outline" color="gray" tt="none">
              {key.environment}
            </Badge>
          </Group>
          <Text size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
            {key.display} <CopyId id={key.id} of="key id" />
          </Text>
          <Text size="xs" c="dimmed">
            {factsOf(key, usedFrom).join(" · ")}
          </Text>
          {due !== null && (
            <Text size="xs" fw={600} c="var(--mantine-color-orange-text)">
              {due}
            </Text>
          )}
        </div>
        <KeyMenu of={key} acts={acts} />
      </Group>
    </Paper>
  );
}

function factsOf(key: KeyView, usedFrom: string | undefined): string[] {
  const now = Date.now();
  const end =
    key.status === "revoked"
      ? `revoked ${fromNow(key.revokedAt ?? key.createdAt, now)}`
      : key.expiresAt === null
        ? "never expires"
        : `${key.status === "expired" ? "expired" : "expires"} ${fromNow(key.expiresAt, now)}`;
  return [
    key.lastUsedAt === null
      ? "never used"
      : `last used ${fromNow(key.lastUsedAt, now)}${usedFrom === undefined ? "" : ` from ${usedFrom}`}`,
    end,
    ...(key.models === null ? [] : [`models: ${key.models.join(", ")}`]),
    ...(key.endpoints === null ? [] : [`endpoints: ${key.endpoints.join(", ")}`]),
    ...(key.ipAllow === null ? [] : [`from ${key.ipAllow.join(", ")}`]),
    ...(key.priority === "interactive" ? [] : [`${key.priority} priority at most`]),
    ...(key.rotates === null ? [] : ["replaces an older key; they share limits"]),
  ];
}
