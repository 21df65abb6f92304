"use client";

import { Alert, Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { Explained as Answer, DeniedView } from "@/lib/console/records/explain";
import type { LedgerView } from "@/lib/console/records/ledger";
import { ApiProblem, api } from "../../_ui/data/api";
import { useKeyName, useTenantName } from "../../_ui/data/names";
import { userPath } from "../../_ui/data/user-path";
import type { Refusal } from "../../_ui/forms/pasted";
import { isOverridable, QuotaLine } from "../../_ui/limits/quota-line";
import { RefusalCard } from "../../_ui/limits/refusal-card";
import { Failed } from "../../_ui/shell/page-head";
import { StopAct } from "../brakes/stop-act";
import { CallDetails } from "./call-details";
import { DeniedCall } from "./denied-call";
import { RefusalOrigin } from "./refusal-origin";
import { MetLimits, refusalIn } from "./refused-call";
import { TenantLimit } from "./tenant-limit";

// Loaded later: only a click needs it.
const Boost = dynamic(() => import("../tenants/[slug]/boost").then((part) => part.Boost), { ssr: false });
const RaiseBudget = dynamic(() => import("../spend/raise-budget").then((part) => part.RaiseBudget), { ssr: false });

const EVERY_MS = 2000;

type Stored = Answer & { readonly call: LedgerView | null; readonly denied: null };

/**
 * One call by its id, served or refused: its outcome, whether the same call would pass now, and what its caller has left.
 * `pasted` is the refusal that came with the id, for a call that is not stored.
 */
export function Explained({
  requestId,
  pasted,
  canBoost,
  canRaise,
  canStop,
}: {
  requestId: string;
  pasted: Refusal | null;
  canBoost: boolean;
  canRaise: boolean;
  canStop: boolean;
}) {
  const seen = useQuery({
    queryKey: ["explain", requestId],
    queryFn: () => api<Stored | { denied: DeniedView }>(`explain?requestId=${requestId}`),
    refetchInterval: (query) => (query.state.error === null ? EVERY_MS : false),
    retry: false,
  });
  if (seen.error instanceof ApiProblem && seen.error.status === 404) {
    if (pasted !== null) return <RefusalOrigin refusal={pasted} />;
    return <Alert title="This call is not stored">{seen.error.message}</Alert>;
  }
  if (seen.error !== null) return <Failed what="The call could not be loaded" error={seen.error} />;
  if (seen.data === undefined) return null;
  if (seen.data.denied !== null) return <DeniedCall denied={seen.data.denied} />;
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
      {who !== null && <SameCallNow again={again} quota={quota} who={who} canBoost={canBoost} canRaise={canRaise} />}
    </>
  );
}

type CallersOf = {
  readonly who: { readonly tenant: string; readonly keyId: string; readonly requestId: string };
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

type Line = Answer["quota"]["limits"][number];
type NowOf = Pick<Answer, "again" | "quota"> & {
  readonly who: CallersOf["who"];
  readonly canBoost: boolean;
  readonly canRaise: boolean;
};

/** The call's result now, and all that its caller has left. Limits are changed, reset and raised here. */
function SameCallNow({ again, quota, who, canBoost, canRaise }: NowOf) {
  const [changed, setChanged] = useState<Line | null>(null);
  // Too little left for this call refuses it, just like nothing left.
  const refuses = new Set(again.limits.filter((one) => !one.fits).map((one) => `${one.layer} ${one.name}`));
  const mayChange = (line: Line) => (line.origin.from === "budget" ? canRaise : canBoost && isOverridable(line));
  const onClose = () => setChanged(null);
  return (
    <Card component="section" aria-label="The same call now">
      <Stack gap="sm">
        <div>
          <Title order={2} fz="md">
            The same call now
          </Title>
          <Text size="sm" role="status">
            {verdictOf(again)}
            {again.brakeId !== null && (
              <>
                {" "}
                <Anchor component={Link} href="/brakes" size="sm" underline="always">
                  See the brake, and lift it
                </Anchor>
              </>
            )}
          </Text>
        </div>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          {quota.limits.map((line) => (
            <QuotaLine
              key={`${line.layer} ${line.name}`}
              line={{ ...line, isRefusing: refuses.has(`${line.layer} ${line.name}`) }}
              at={quota.at}
              onChange={mayChange(line) ? () => setChanged(line) : null}
            />
          ))}
        </SimpleGrid>
      </Stack>
      {changed?.origin.from === "budget" && <RaiseBudget slug={changed.origin.budget} onClose={onClose} />}
      {changed !== null && changed.origin.from !== "budget" && (
        <Boost slug={who.tenant} line={changed} requestId={who.requestId} onClose={onClose} />
      )}
    </Card>
  );
}

const AND = new Intl.ListFormat("en", { type: "conjunction" });

function verdictOf({ isAdmitted, brakeId, limits }: Answer["again"]): string {
  if (isAdmitted) return "It would be admitted now, under the current limits.";
  if (brakeId !== null) return "It would be refused by a brake.";
  const names = limits.filter((limit) => !limit.fits).map((limit) => limit.name);
  return `It would be refused now by ${AND.format(names)}.`;
}
