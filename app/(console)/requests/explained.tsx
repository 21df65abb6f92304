"use client";

import { Alert, Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { Explained as Answer } from "@/lib/console/records/explain";
import type { LedgerView } from "@/lib/console/records/ledger";
import { ApiProblem, api } from "../../_ui/data/api";
import { useKeyName, useTenantName } from "../../_ui/data/names";
import { userPath } from "../../_ui/data/user-path";
import type { Refusal } from "../../_ui/forms/pasted";
import { QuotaLine } from "../../_ui/limits/quota-line";
import { RefusalCard } from "../../_ui/limits/refusal-card";
import { Failed } from "../../_ui/shell/page-head";
import { StopAct } from "../brakes/stop-act";
import { CallDetails } from "./call-details";
import { RefusalOrigin } from "./refusal-origin";
import { MetLimits, refusalIn } from "./refused-call";
import { TenantLimit } from "./tenant-limit";

// Loaded later: only a click needs it.
const Boost = dynamic(() => import("../tenants/[slug]/boost").then((part) => part.Boost), { ssr: false });

const EVERY_MS = 2000;

/**
 * One call by its id, served or refused: its outcome, whether the same call would pass now, and what its caller has left.
 * `pasted` is the refusal that came with the id, for a call that is not stored.
 */
export function Explained({
  requestId,
  pasted,
  canBoost,
  canStop,
}: {
  requestId: string;
  pasted: Refusal | null;
  canBoost: boolean;
  canStop: boolean;
}) {
  const seen = useQuery({
    queryKey: ["explain", requestId],
    queryFn: () => api<Answer & { call: LedgerView | null }>(`explain?requestId=${requestId}`),
    refetchInterval: (query) => (query.state.error === null ? EVERY_MS : false),
    retry: false,
  });
  if (seen.error instanceof ApiProblem && seen.error.status === 404) {
    if (pasted !== null) return <RefusalOrigin refusal={pasted} />;
    return <Alert title="This call is not stored">{seen.error.message}</Alert>;
  }
  if (seen.error !== null) return <Failed what="The call could not be loaded" error={seen.error} />;
  if (seen.data === undefined) return null;
  const { call, refused, again, quota, user } = seen.data;
  const who = refused ?? call;
  return (
    <>
      {call !== null && (
        <Card component="section" aria-label="The call">
          <CallDetails call={call} user={user} />
        </Card>
      )}
      {refused !== null && (
        <>
          {pasted === null && <RefusalCard refusal={refusalIn(refused)} />}
          <MetLimits refused={refused} user={user} />
          <TenantLimit tenant={refused.tenant} limit={refused.limitName} />
        </>
      )}
      {who !== null && <Callers who={who} user={user} canStop={canStop} />}
      <SameCallNow again={again} quota={quota} tenant={canBoost ? (who?.tenant ?? null) : null} />
    </>
  );
}

type CallersOf = {
  readonly who: { readonly tenant: string; readonly keyId: string };
  readonly user: string | null;
  readonly canStop: boolean;
};

/** Links to the call's tenant, user and key, with their limits, brakes and other calls; and the brake on its key. */
function Callers({ who, user, canStop }: CallersOf) {
  const { tenant, keyId } = who;
  const keyName = useKeyName(keyId);
  const places = [
    { words: `Tenant ${useTenantName(tenant)}`, href: `/tenants/${encodeURIComponent(tenant)}` },
    ...(user === null ? [] : [{ words: `User ${user}`, href: userPath(tenant, user) }]),
    { words: `Calls of key ${keyName}`, href: `/requests/log?${new URLSearchParams({ key: keyId })}` },
  ];
  return (
    <Group gap="md" component="nav" aria-label="Whose call it was">
      {places.map(({ words, href }) => (
        <Anchor key={href} component={Link} href={href} size="sm" underline="always">
          {words}
        </Anchor>
      ))}
      {canStop && <StopAct of={`key ${keyName}`} label="Stop key…" draft={{ scope: "key", name: keyId }} />}
    </Group>
  );
}

/** The call's result now, and all that its caller has left. `tenant`: whose limits may be changed here; null = none. */
function SameCallNow({ again, quota, tenant }: Pick<Answer, "again" | "quota"> & { tenant: string | null }) {
  const [boosted, setBoosted] = useState<Answer["quota"]["limits"][number] | null>(null);
  // Too little left for this call refuses it, just like nothing left.
  const refuses = new Set(again.limits.filter((one) => !one.fits).map((one) => `${one.layer} ${one.name}`));
  const isOfTier = ({ origin }: Answer["quota"]["limits"][number]) =>
    origin.from === "tier" || origin.from === "override";
  return (
    <Card component="section" aria-label="The same call now">
      <Stack gap="sm">
        <div>
          <Title order={2} fz="md">
            The same call now
          </Title>
          <Text size="sm" role="status">
            {verdictOf(again)}
          </Text>
        </div>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          {quota.limits.map((line) => (
            <QuotaLine
              key={`${line.layer} ${line.name}`}
              line={{ ...line, isRefusing: refuses.has(`${line.layer} ${line.name}`) }}
              at={quota.at}
              onChange={tenant !== null && isOfTier(line) ? () => setBoosted(line) : null}
            />
          ))}
        </SimpleGrid>
      </Stack>
      {tenant !== null && boosted !== null && <Boost slug={tenant} line={boosted} onClose={() => setBoosted(null)} />}
    </Card>
  );
}

function verdictOf({ isAdmitted, brakeId, limits }: Answer["again"]): string {
  if (isAdmitted) return "It would be admitted now, under the current limits.";
  if (brakeId !== null) return "It would be refused by a brake.";
  const names = limits.filter((limit) => !limit.fits).map((limit) => limit.name);
  return `It would be refused now by ${names.join(" and ")}.`;
}
