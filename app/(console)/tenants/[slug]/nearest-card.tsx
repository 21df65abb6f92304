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

/** Limits that single keys, users, features, models, sessions, agents, tags and addresses use up while the tenant as a whole has room. Empty while none is used. */
export function NearestCard({ slug }: { slug: string }) {
  const nearest = useQuery({
    queryKey: ["nearest", slug],
    queryFn: () => api<NearestView>(`tenants/${encodeURIComponent(slug)}/nearest`),
    refetchInterval: EVERY_MS,
  });
  const limits = nearest.data?.limits ?? [];
  if (limits.length === 0)
    return <Failed what="Callers and models near a limit could not be loaded" error={nearest.error} />;
  return (
    <Card component="section" aria-label="Callers and models near a limit">
      <Text fw={600}>Callers and models near a limit</Text>
      <Text size="xs" c="dimmed" mb="xs">
        limits of single keys, users, features, models, sessions, agents, tags and addresses; calls of the last hour
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        {limits.map((line) => (
          <Stack key={`${line.of.kind} ${line.of.id} ${line.name}`} gap={0}>
            <Text size="xs" c="dimmed" truncate>
              {KIND_WORDS[line.of.kind] ?? line.of.kind}{" "}
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

const KIND_WORDS: Readonly<Record<string, string>> = { key: "API key", ip: "client address" };

/** The parameters of the request log for one of a kind; for a key, whose id here is of all its rotations, its limit. */
const FILTERS: Readonly<Record<string, string>> = {
  user: "user",
  feature: "feature",
  model: "model",
  session: "session",
  agent: "agent",
  tag: "tag",
  ip: "address",
};

/** Links: a user's page; the calls of the others in the request log; for a key, the tenant's calls that this limit refused. */
function placeOf(slug: string, { of, name }: NearestView["limits"][number]): string {
  if (of.kind === "user" && of.name !== null) return userPath(slug, of.name);
  const filter = FILTERS[of.kind];
  const more = filter !== undefined && of.name !== null ? { [filter]: of.name } : { limitName: name };
  return `/requests/log?${new URLSearchParams({ tenant: slug, ...more })}`;
}
