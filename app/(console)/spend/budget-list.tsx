"use client";

import { Anchor, Badge, Card, Group, Progress, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import { DAY_SECONDS } from "@/app/_ui/time/spans";
import type { BudgetView } from "@/lib/console/money/budget-view";
import { ManagedBadge } from "../../_ui/data/managed";
import { useKeyName } from "../../_ui/data/names";
import { dollars } from "../../_ui/figures/format";
import { useMomentWords } from "../../_ui/figures/moment";
import { Act } from "../../_ui/forms/act";
import { forecastWords } from "../../_ui/limits/forecast-words";
import { Empty } from "../../_ui/notices/empty";

// Loaded later: their fields are much of the page's code, and few visits need them.
const BudgetDialog = dynamic(() => import("./budget-dialog").then((part) => part.BudgetDialog), { ssr: false });

type Doing = { readonly what: "raise" | "edit" | "remove"; readonly budget: BudgetView };

/** Every budget with its used share, its thresholds, and the forecast at the current rate. */
export function BudgetList({
  budgets,
  canEdit,
  canRaise,
}: {
  budgets: readonly BudgetView[] | undefined;
  canEdit: boolean;
  canRaise: boolean;
}) {
  const [doing, setDoing] = useState<Doing | null>(null);
  if (budgets === undefined) return <Skeleton h={180} radius="md" />;
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} component="section" aria-label="Budgets">
        {budgets.length === 0 && (
          <Card>
            <Empty>
              <b>No budget yet</b>
            </Empty>
            <Text size="sm" c="dimmed">
              A budget limits the cost of a tenant, user, key, feature or model per day, week or month. It alerts you at
              thresholds.{canEdit && " Create one with New budget."}
            </Text>
          </Card>
        )}
        {budgets.map((budget) => (
          <BudgetCard
            key={budget.id}
            budget={budget}
            onRaise={canRaise ? () => setDoing({ what: "raise", budget }) : null}
            onEdit={canEdit ? () => setDoing({ what: "edit", budget }) : null}
            onRemove={canEdit ? () => setDoing({ what: "remove", budget }) : null}
          />
        ))}
      </SimpleGrid>
      {doing !== null && <BudgetDialog {...doing} onClose={() => setDoing(null)} />}
    </>
  );
}

function BudgetCard({
  budget,
  onRaise,
  onEdit,
  onRemove,
}: {
  budget: BudgetView;
  onRaise: (() => void) | null;
  onEdit: (() => void) | null;
  onRemove: (() => void) | null;
}) {
  const momentWords = useMomentWords();
  const { nearest, inForceMicroUsd: inForce, forecast } = budget;
  const isEach = budget.target === null && budget.level !== "tenant" && budget.level !== "global";
  const used = nearest?.usedMicroUsd ?? 0;
  const share = inForce === 0 ? 100 : Math.min(100, (used / inForce) * 100);
  const colour = share >= 95 ? "red" : share >= 80 ? "orange" : "teal";
  const passed = budget.thresholds.filter((step) => step.passed !== null).at(-1);
  const mover = (kind: string) => forecast.movers.find((one) => one.kind === kind)?.name;
  return (
    <Card component="article" aria-label={`Budget ${budget.slug}`}>
      <Stack gap={6} h="100%">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} fz="md" style={{ overflowWrap: "anywhere" }}>
            {budget.slug}
            <ManagedBadge kind="budget" name={budget.slug} />
          </Title>
          {passed !== undefined && (
            <Badge
              color={passed.action === "refuse" ? "red.9" : passed.action === "degrade" ? "grape.8" : "orange.9"}
              tt="none"
              style={{ flexShrink: 0 }}
            >
              past {passed.percent} %
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" title={budget.tenant ?? ""}>
          <Subject budget={budget} />
          {budget.period === "rolling"
            ? ` · in any ${windowWords(budget.windowSeconds ?? 0)}`
            : ` · per ${budget.period} (${budget.timeZone})`}
        </Text>
        <Group justify="space-between" align="baseline" wrap="nowrap">
          <Text fz={22} fw={680} className="figure">
            {dollars(used)}
          </Text>
          <Text size="sm" c="dimmed" className="figure">
            of {dollars(inForce)}
          </Text>
        </Group>
        {/* The figures above say it in words. */}
        <Progress value={share} color={colour} aria-hidden />
        <Text size="xs" c="dimmed">
          {nearest === null
            ? "Nothing spent in this period"
            : `${dollars(nearest.leftMicroUsd)} left${isEach ? ` for ${nearest.name}, who has the least` : ""}`}
          {budget.periodEnd !== null && ` · resets ${momentWords(budget.periodEnd, "short")}`}
        </Text>
        <Forecast budget={budget} />
        {forecast.burnMicroUsdPerHour > 0 && (
          <Text size="xs" c="dimmed">
            {dollars(forecast.burnMicroUsdPerHour)} in the last hour{mostBy(mover)}
          </Text>
        )}
        <Text size="xs" c="dimmed">
          {budget.thresholds.map((step) => `${step.percent} % ${step.action}`).join(" · ") ||
            "no thresholds: it only counts"}
          {budget.carryOver && ` · ${dollars(budget.carriedMicroUsd)} carried over`}
          {budget.raise !== null &&
            ` · raised by ${dollars(budget.raise.microUsd)} until ${momentWords(budget.raise.until)}`}
        </Text>
        <Group gap={4} mt="auto">
          {onRaise !== null && <Act label="Raise…" of={budget.slug} onClick={onRaise} />}
          {onEdit !== null && <Act label="Edit…" of={budget.slug} onClick={onEdit} />}
          {onRemove !== null && <Act label="Remove…" of={budget.slug} onClick={onRemove} />}
        </Group>
      </Stack>
    </Card>
  );
}

/** When it is used up and at which rate, or that it refuses calls. */
function Forecast({ budget: { forecast, nearest, refusedFromMicroUsd, now } }: { budget: BudgetView }) {
  const { exhaustedAt, exhaustedPace, isRefusing } = forecast;
  const observe = refusedFromMicroUsd === null;
  // A budget without spend is full.
  const remaining = nearest?.leftMicroUsd ?? 1;
  const foreseen = { remaining, exhaustedAt, exhaustedPace, observe, isRefusing };
  const words = forecastWords(foreseen, Date.parse(now));
  if (words === null) return null;
  return (
    <Text size="sm" c={observe ? "dimmed" : "red"} fw={550}>
      {words.slice(0, 1).toUpperCase() + words.slice(1)}
    </Text>
  );
}

/** Whose budget it is, with a link to its tenant. */
function Subject({ budget: { level, tenant, tenantName, target } }: { budget: BudgetView }) {
  if (level === "global" || tenant === null) return "Everybody together";
  return (
    <>
      {level === "tenant" ? "Tenant " : target === null ? `Each ${level} of ` : `${level} `}
      {target !== null && <>{level === "key" ? <KeyName id={target} /> : target} of </>}
      <Anchor component={Link} href={`/tenants/${encodeURIComponent(tenant)}`} size="xs" underline="always">
        {tenantName}
      </Anchor>
    </>
  );
}

function KeyName({ id }: { id: string }) {
  return useKeyName(id);
}

/** "hour", "7 days". */
function windowWords(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds % size === 0) ?? ["second", 1];
  return seconds === length ? unit : `${seconds / length} ${unit}s`;
}

const UNITS = [
  ["day", DAY_SECONDS],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** ", most of it by user ada, key Web shop, model sim-large": the ones that are known. */
function mostBy(mover: (kind: string) => string | undefined): string {
  const known = ["user", "key", "model"].flatMap((kind) => {
    const name = mover(kind);
    return name === undefined || name === "" || name === "–" ? [] : [`${kind} ${name}`];
  });
  return known.length === 0 ? "" : `, most of it by ${known.join(", ")}`;
}
