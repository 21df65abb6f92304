"use client";

import { Button, Card, SimpleGrid, Skeleton, Stack, Title } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import { DAY_MS } from "@/app/_ui/time/spans";
import type { UsageRow } from "@/lib/console/money/usage";
import type { QuotaView } from "@/lib/console/tenants/tenant-quota";
import { api } from "../../../../_ui/data/api";
import { useTenantName } from "../../../../_ui/data/names";
import { WhenLoaded } from "../../../../_ui/data/when-loaded";
import { CopyId } from "../../../../_ui/figures/copy-id";
import { count, dollarsAlike } from "../../../../_ui/figures/format";
import { Listing } from "../../../../_ui/figures/listing";
import { BrakedBadge } from "../../../../_ui/limits/braked/braked-badge";
import { isOverridable, QuotaLine } from "../../../../_ui/limits/quota-line";
import { Empty } from "../../../../_ui/notices/empty";
import { Failed, PageHead } from "../../../../_ui/shell/page-head";
import { dayWords } from "../../../../_ui/time/day-words";

// Loaded later: only a click needs it.
const Boost = dynamic(() => import("../boost").then((part) => part.Boost), { ssr: false });
const BrakeDialog = dynamic(() => import("../../../brake-dialog").then((part) => part.BrakeDialog), { ssr: false });

const EVERY_MS = 2000;
const USAGE_EVERY_MS = 15_000;
const DAYS = 30;

type Line = QuotaView["limits"][number];
type UserOf = {
  readonly slug: string;
  readonly user: string;
  readonly canBoost: boolean;
  readonly canBrake: boolean;
};

/** One end user of a tenant: limits and what is left, its use by day, and its calls. */
export function UserPage({ slug, user, canBoost, canBrake }: UserOf) {
  const [isStopping, setIsStopping] = useState(false);
  const [boosted, setBoosted] = useState<Line | null>(null);
  const { quota, usage, name } = useUser(slug, user);
  const isUnknown = quota.error !== null && quota.data === undefined;
  return (
    <Stack gap="md" maw={1100}>
      <PageHead
        title={user}
        about={
          <>
            End user of {name}, as named by its{" "}
            <span style={{ whiteSpace: "nowrap" }}>
              callers. <CopyId id={user} of="user's name" />
            </span>
            <BrakedBadge kind="user" of={{ user, tenant: slug }} />
          </>
        }
        above={[
          { label: "Tenants", href: "/tenants" },
          { label: name, href: `/tenants/${encodeURIComponent(slug)}` },
        ]}
      >
        <Button component={Link} variant="default" href={logPath(slug, user)}>
          Its calls
        </Button>
        {canBrake && (
          <Button color="red.9" leftSection={<IconHandStop size={16} />} onClick={() => setIsStopping(true)}>
            Stop calls…
          </Button>
        )}
      </PageHead>
      <Failed what="The counters could not be read" error={quota.error} />
      <Failed what="The usage could not be loaded" error={usage.error} />
      <WhenLoaded height={480}>
        <Stack gap="md">
          <Card component="section" aria-label="What is left now" display={isUnknown ? "none" : undefined}>
            <Title order={2} fz="md" mb="xs">
              What is left now
            </Title>
            {quota.data === undefined && quota.error === null && <Skeleton h={120} />}
            {quota.data?.limits.length === 0 && <Empty>No limits apply to this user.</Empty>}
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              {quota.data?.limits.map((line) => (
                <QuotaLine
                  key={`${line.layer} ${line.name}`}
                  line={line}
                  at={quota.data.at}
                  onChange={canBoost && isOverridable(line) ? () => setBoosted(line) : null}
                />
              ))}
            </SimpleGrid>
          </Card>
          {usage.data !== undefined && <Days rows={usage.data.rows} />}
        </Stack>
      </WhenLoaded>
      {isStopping && (
        <BrakeDialog draft={{ scope: "tenant", name: slug, narrowed: { user } }} onClose={() => setIsStopping(false)} />
      )}
      {boosted !== null && <Boost slug={slug} line={boosted} user={user} onClose={() => setBoosted(null)} />}
    </Stack>
  );
}

function useUser(slug: string, user: string) {
  const who = { tenant: slug, user };
  const quota = useQuery({
    queryKey: ["quota", slug, user],
    queryFn: () => api<QuotaView>(`quota?${new URLSearchParams(who)}`),
    refetchInterval: EVERY_MS,
  });
  const usage = useQuery({
    queryKey: ["usage", "user", slug, user],
    queryFn: () => {
      const from = new Date(Date.now() - DAYS * DAY_MS).toISOString();
      return api<{ rows: UsageRow[] }>(`usage?${new URLSearchParams({ ...who, by: "user", grain: "day", from })}`);
    },
    refetchInterval: USAGE_EVERY_MS,
  });
  return { quota, usage, name: useTenantName(slug) };
}

function Days({ rows }: { rows: readonly UsageRow[] }) {
  const moneyOf = dollarsAlike(rows.map((row) => row.costMicroUsd));
  return (
    <Listing
      title="By day"
      note="the last 30 days"
      head={["Day (UTC)", "Calls", "Tokens", "Cost"]}
      empty="No calls in the last 30 days."
      rows={[...rows].reverse().map((row) => ({
        id: row.bucket ?? "",
        cells: [
          dayWords(row.bucket ?? ""),
          count(row.calls),
          count(row.inputTokens + row.outputTokens),
          moneyOf(row.costMicroUsd),
        ],
      }))}
    />
  );
}

function logPath(tenant: string, user: string): string {
  return `/requests/log?${new URLSearchParams({ tenant, user })}`;
}
