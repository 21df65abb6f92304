"use client";

import { Anchor, Badge, Card, Group, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { RefusedView } from "@/lib/console/records/explain";
import type { LedgerView } from "@/lib/console/records/ledger";
import { api } from "../../_ui/data/api";
import { count, dollars, duration } from "../../_ui/figures/format";
import { Moment } from "../../_ui/figures/moment";
import { Failed } from "../../_ui/shell/page-head";
import { CallDetails } from "./call-details";
import { LATEST_SHOWN, latestPaths } from "./latest-paths";
import { MetLimits } from "./refused-call";

const EVERY_MS = 2000;

type One = {
  readonly id: string;
  readonly at: string;
  readonly call: LedgerView | null;
  readonly refused: RefusedView | null;
};

/** A tenant's latest calls, served and refused, newest first. */
export function Latest({
  tenant,
  kind,
  isLive,
  find,
}: {
  tenant: string;
  /** served, refused, or both */
  kind: string;
  isLive: boolean;
  find: string;
}) {
  const [open, setOpen] = useState<string | null>(null);
  const paths = latestPaths(tenant, find);
  const often = { refetchInterval: isLive ? EVERY_MS : (false as const), placeholderData: keepPreviousData };
  const served = useQuery({
    ...often,
    queryKey: ["calls", tenant, find],
    queryFn: () => api<{ rows: readonly LedgerView[] }>(paths.served),
    enabled: kind !== "refused",
  });
  const refused = useQuery({
    ...often,
    queryKey: ["refused", tenant, find],
    queryFn: () => api<{ calls: readonly RefusedView[] }>(paths.refused),
    enabled: kind !== "served",
  });
  const error = served.error ?? refused.error;
  const failed = <Failed what="The calls could not be loaded" error={error} />;
  const isSeen = (kind === "refused" || served.data !== undefined) && (kind === "served" || refused.data !== undefined);
  if (error !== null && !isSeen) return failed;
  if (served.isLoading || refused.isLoading) return <Skeleton h={300} radius="md" />;
  const shown = [
    ...(kind === "refused" ? [] : (served.data?.rows ?? [])).map(
      (call): One => ({ id: call.requestId, at: call.endedAt, call, refused: null }),
    ),
    ...(kind === "served" ? [] : (refused.data?.calls ?? [])).map(
      (one): One => ({ id: one.requestId, at: one.at, call: null, refused: one }),
    ),
  ]
    .sort((left, right) => right.at.localeCompare(left.at))
    .slice(0, LATEST_SHOWN);
  return (
    <>
      {failed}
      <Card padding={0} component="section" aria-label="Latest calls">
        {shown.length === 0 && (
          <Text p="md" size="sm">
            {find === "" ? (EMPTY[kind] ?? EMPTY.all) : "No match among the latest thousand calls."}
          </Text>
        )}
        {shown.map((one) => (
          <div key={one.id} style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
            <UnstyledButton
              w="100%"
              px="md"
              py="xs"
              onClick={() => setOpen(open === one.id ? null : one.id)}
              aria-expanded={open === one.id}
            >
              {one.call !== null && <Served row={one.call} />}
              {one.refused !== null && <Refused row={one.refused} />}
            </UnstyledButton>
            {open === one.id && (
              <Stack px="md" pb="md" gap="xs">
                {one.call !== null && <CallDetails call={one.call} />}
                {one.refused !== null && <MetLimits refused={one.refused} user={null} />}
                <Anchor component={Link} href={`/requests?id=${one.id}`} size="sm" underline="always">
                  Explain this call
                </Anchor>
              </Stack>
            )}
          </div>
        ))}
      </Card>
    </>
  );
}

const EMPTY: Readonly<Record<string, string>> = {
  all: "This tenant has made no calls yet.",
  served: "No call of this tenant was sent to a provider yet.",
  refused: "No call of this tenant was refused recently.",
};

function Served({ row }: { row: LedgerView }) {
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="sm">
        <Text size="sm" className="figure">
          <Moment at={row.endedAt} form="time" />
        </Text>
        <Text size="sm" fw={550}>
          {row.servedModel}
        </Text>
        {row.ending !== "complete" && (
          <Badge color="red.9" tt="none">
            {row.ending.replaceAll("_", " ")}
          </Badge>
        )}
        {row.degradation !== null && (
          <Badge variant="outline" color="gray" tt="none">
            {row.degradation}
          </Badge>
        )}
      </Group>
      <Text size="sm" c="dimmed" className="figure">
        {count(row.inputTokens)} in · {count(row.outputTokens)} out · {dollars(row.costMicroUsd)} · {count(row.totalMs)}{" "}
        ms
      </Text>
    </Group>
  );
}

function Refused({ row }: { row: RefusedView }) {
  const isBrake = row.code === "kill_switch_active";
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="sm">
        <Text size="sm" className="figure">
          <Moment at={row.at} form="time" />
        </Text>
        <Text size="sm" fw={550}>
          {row.askedModel}
        </Text>
        <Badge color="red.9" tt="none">
          {isBrake ? "stopped by a brake" : `refused: ${row.limitName}`}
        </Badge>
      </Group>
      <Text size="sm" c="dimmed" className="figure">
        {count(row.estimatedInputTokens)} + {count(row.reservedOutputTokens)} tokens asked
        {row.retryAfterMs !== null && ` · retry after ${duration(row.retryAfterMs / 1000)}`}
      </Text>
    </Group>
  );
}
