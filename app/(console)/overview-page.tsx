"use client";

import {
  Alert,
  Anchor,
  Box,
  Button,
  Card,
  Grid,
  GridCol,
  Group,
  SimpleGrid,
  Skeleton,
  Stack,
  Switch,
  Text,
  Title,
} from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useState } from "react";
import type { HourBefore } from "@/lib/console/overview/hour-before";
import type { MoversView } from "@/lib/console/overview/movers/movers";
import type { Overview } from "@/lib/console/overview/overview";
import { api } from "../_ui/data/api";
import { useLive } from "../_ui/data/live";
import { compact, count, dollars, plural } from "../_ui/figures/format";
import { KpiCard } from "../_ui/figures/kpi-card";
import { useMomentWords } from "../_ui/figures/moment";
import { useIsOld } from "../_ui/notices/empty";
import { ZoneNote } from "../_ui/time/zone-note";
import { Term } from "../_ui/words/term";
import { BrakeCard } from "./brake-card";
import type { BrakeDraft } from "./brake-dialog";
import { DecisionsChart } from "./decisions-chart";
import { callsDayEarlier } from "./overview/day-earlier";
import { MoversCard } from "./overview/movers-card";
import { ProviderCard } from "./provider-card";
import { RefusedList } from "./refused-list";
import { TenantTable } from "./tenant-table";
import { Verdict } from "./verdict";

// Loaded later: only a click needs it.
const BrakeDialog = dynamic(() => import("./brake-dialog").then((part) => part.BrakeDialog), { ssr: false });

const MOVERS_EVERY_MS = 15_000;
const BEFORE_EVERY_MS = 60_000;
/** One lost answer is not worth an alarm. */
const FAILURES_SHOWN = 2;
const OLD_MS = 3000;

/** What is happening now, which tenants are near a limit, and the button to stop them. */
export function OverviewPage({ canBrake, stop }: { canBrake: boolean; stop: string | null }) {
  const live = useLive();
  const moved = useQuery({
    queryKey: ["movers"],
    queryFn: () => api<MoversView>("overview/movers"),
    refetchInterval: MOVERS_EVERY_MS,
  });
  const [draft, setDraft] = useState<BrakeDraft | null>(canBrake ? draftOf(stop) : null);
  const isOld = useIsOld();
  const isLost = live.data === undefined && live.failureCount >= FAILURES_SHOWN;
  return (
    <>
      {live.data === undefined && !isLost && <Waiting />}
      {isLost && (
        <Lost
          message={live.failureReason?.message ?? ""}
          retry={() => live.refetch({ cancelRefetch: true })}
          {...(canBrake ? { onDraft: setDraft } : {})}
        />
      )}
      {live.data !== undefined && isOld && live.failureCount > 0 && Date.now() - live.dataUpdatedAt > OLD_MS && (
        <Old at={live.dataUpdatedAt} message={live.failureReason?.message ?? ""} />
      )}
      {live.data !== undefined && <Figures {...{ canBrake, moved }} seen={live.data} onDraft={setDraft} />}
      {draft !== null && <BrakeDialog draft={draft} onClose={() => setDraft(null)} />}
    </>
  );
}

type FiguresOf = {
  readonly seen: Overview;
  readonly moved: { readonly data: MoversView | undefined; readonly error: Error | null };
  readonly canBrake: boolean;
  readonly onDraft: (draft: BrakeDraft) => void;
};

function Figures({ seen, moved, canBrake, onDraft }: FiguresOf) {
  const { cards, chart, refused, tenants, tenantsTotal, changes } = seen;
  const asked = cards.callsPerMinute + cards.refusedPerMinute;
  const refusedShare = asked === 0 ? 0 : (cards.refusedPerMinute / asked) * 100;
  return (
    <Stack gap="md">
      <Title order={1} fz="h2">
        Overview
      </Title>
      <Verdict seen={seen} />
      {canBrake && (
        <Box hiddenFrom="lg">
          <BrakeCard onDraft={onDraft} />
        </Box>
      )}
      <Grid gap="md" align="stretch">
        <GridCol span={{ base: 12, lg: canBrake ? 9 : 12 }}>
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md" h="100%" className="kpis">
            <KpiCard
              label="Calls"
              value={count(cards.callsPerMinute)}
              unit="admitted/min"
              note={`${count(cards.callsToday)} today`}
              trend={chart.map((point) => point.admitted)}
            />
            <KpiCard
              label="Tokens in"
              value={compact(cards.inputTokensPerMinute)}
              unit="per minute"
              trend={chart.map((point) => point.inputTokens)}
            />
            <KpiCard
              label="Tokens out"
              value={compact(cards.outputTokensPerMinute)}
              unit="per minute"
              trend={chart.map((point) => point.outputTokens)}
            />
            <KpiCard
              label="Refused"
              value={count(cards.refusedPerMinute)}
              unit="per minute"
              note={`${refusedShare.toFixed(1)} % of all calls`}
              trend={chart.map((point) => point.limited + point.budget + point.stopped + point.other)}
            />
            <KpiCard
              label="Spend today"
              value={dollars(cards.spendTodayMicroUsd)}
              unit="US dollars since 00:00 UTC"
              trend={chart.map((point) => point.costMicroUsd)}
            />
            <KpiCard label="Spend" value={dollars(cards.spendPerMinuteMicroUsd)} unit="US dollars per minute" />
            <KpiCard
              label="Running"
              value={count(cards.openCalls)}
              unit={cards.openCalls === 1 ? "call now" : "calls now"}
            />
            <KpiCard
              label="Added wait"
              value={cards.decisionP95Ms === null ? "–" : cards.decisionP95Ms.toFixed(1)}
              unit={
                <>
                  ms per decision, <Term of="p95" />
                </>
              }
            />
          </SimpleGrid>
        </GridCol>
        {canBrake && (
          <GridCol span={{ base: 12, lg: 3 }} visibleFrom="lg">
            <BrakeCard onDraft={onDraft} />
          </GridCol>
        )}
        <GridCol span={{ base: 12, lg: 8 }}>
          <ChartCard chart={chart} changes={changes} />
        </GridCol>
        <GridCol span={{ base: 12, lg: 4 }}>
          <Stack gap="md" h="100%">
            <RefusedList refused={refused} />
            <ProviderCard />
          </Stack>
        </GridCol>
        <GridCol span={12}>
          <MoversCard seen={moved.data} error={moved.error} />
        </GridCol>
        <GridCol span={12}>
          <TenantTable
            tenants={tenants}
            trends={moved.data?.trends ?? []}
            total={tenantsTotal}
            canBrake={canBrake}
            onStop={(tenant) => onDraft({ scope: "tenant", name: tenant })}
          />
        </GridCol>
      </Grid>
    </Stack>
  );
}

/** The last hour, on request with the same one of the day before. */
function ChartCard({ chart, changes }: Pick<Overview, "chart" | "changes">) {
  const [isCompared, setIsCompared] = useQueryState("compare", parseAsBoolean.withDefault(false));
  const before = useQuery({
    queryKey: ["hour-before"],
    queryFn: () => api<HourBefore>("overview/before"),
    enabled: isCompared,
    refetchInterval: BEFORE_EVERY_MS,
  });
  const earlier = isCompared && before.data !== undefined ? callsDayEarlier(before.data, chart) : null;
  return (
    <Card h="100%" component="section" aria-label="Decisions per minute">
      <Group justify="space-between" mb={4}>
        <Text fw={600}>Decisions per minute, last hour</Text>
        <Switch
          size="xs"
          label="Compare with yesterday"
          checked={isCompared}
          onChange={(event) => void setIsCompared(event.currentTarget.checked)}
        />
      </Group>
      <Text size="xs" c="dimmed" mb="xs">
        {changes.length === 0 ? "" : `${plural(changes.length, "change")} of limits or brakes · `}
        click or drag for{" "}
        <Anchor component={Link} href="/requests/log?range=1h" size="xs" underline="always">
          the calls
        </Anchor>
        {" · "}
        <ZoneNote />
        {earlier !== null && ` · line: all calls in the same hour yesterday, ${count(sumOf(earlier))} in total`}
        {isCompared && before.error !== null && " · yesterday's calls could not be loaded"}
      </Text>
      <DecisionsChart points={chart} changes={changes} before={earlier} />
    </Card>
  );
}

function sumOf(calls: readonly (number | null)[]): number {
  return calls.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

/** What the address proposes to stop: `?stop=all`, `model:…`, `provider:…`, `key:…`, or a tenant. It only opens the dialog. */
function draftOf(stop: string | null): BrakeDraft | null {
  if (stop === null) return null;
  if (stop === "all") return { scope: "everything", name: "" };
  const scope = (["tenant", "model", "provider", "key"] as const).find((kind) => stop.startsWith(`${kind}:`));
  return scope === undefined ? { scope: "tenant", name: stop } : { scope, name: stop.slice(scope.length + 1) };
}

const SKELETONS = ["calls", "in", "out", "refused", "today", "spend", "running", "wait"];

function Waiting() {
  return (
    <Stack gap="md" aria-busy>
      <Title order={1} fz="h2">
        Overview
      </Title>
      <Skeleton h={40} radius="md" />
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        {SKELETONS.map((name) => (
          <Skeleton key={name} h={108} radius="md" />
        ))}
      </SimpleGrid>
      <Skeleton h={300} radius="md" />
      <Skeleton h={220} radius="md" />
    </Stack>
  );
}

/** No newer figures arrive: those on the page are of the past. They are asked for without end. */
function Old({ at, message }: { at: number; message: string }) {
  const momentWords = useMomentWords();
  return (
    <Alert color="red" icon={<IconAlertCircle />} role="alert" mb="md">
      <b>The figures below are old: {momentWords(new Date(at).toISOString(), "time")}.</b> {message}{" "}
      <Anchor component={Link} href="/status" size="sm" underline="always">
        Status
      </Anchor>
    </Alert>
  );
}

/** The figures are asked for without end; meanwhile the brake can be tried, which does not need them. */
function Lost(props: { message: string; retry: () => void; onDraft?: (draft: BrakeDraft) => void }) {
  const { message, retry, onDraft } = props;
  return (
    <Stack gap="md">
      <Title order={1} fz="h2">
        Overview
      </Title>
      <Alert color="red" icon={<IconAlertCircle />} title="The figures could not be loaded" role="alert">
        <Stack align="flex-start" gap="sm">
          {message}
          <Group gap="sm">
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
            <Anchor component={Link} href="/status" size="sm" underline="always">
              Status
            </Anchor>
          </Group>
        </Stack>
      </Alert>
      {onDraft !== undefined && <BrakeCard onDraft={onDraft} />}
    </Stack>
  );
}
