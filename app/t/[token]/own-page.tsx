"use client";

import { Card, Container, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { TenantPage } from "@/lib/console/tenants/tenant-link";
import { count, dollars, dollarsAlike } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { forecastWords } from "../../_ui/limits/forecast-words";
import { QuotaLine } from "../../_ui/limits/quota-line";
import { dayWords, utcWords } from "../../_ui/time/day-words";
import { codeWords } from "../../_ui/words/code-words";

/** What a tenant may see of itself: what is left, its spend, its refusals and their reasons. */
export function OwnPage({ page }: { page: TenantPage }) {
  return (
    <Container size="lg" py="lg" component="main">
      <Stack gap="md">
        <div>
          <Title order={1} fz="h2">
            {page.tenant}
          </Title>
          <Text c="dimmed" size="sm">
            Usage and limits as of {utcWords(page.at)} UTC. Reload for newer figures.
          </Text>
        </div>
        <Card component="section" aria-label="What is left">
          <Title order={2} fz="md" mb="xs">
            What is left now
          </Title>
          {page.limits.length === 0 && <Text size="sm">No limits. Every call is admitted.</Text>}
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
            {page.limits.map((line) => (
              <QuotaLine key={`${line.layer} ${line.name}`} line={line} at={page.at} namesUser={false} />
            ))}
          </SimpleGrid>
        </Card>
        {page.budgets.length > 0 && (
          <Listing
            title="Budgets"
            empty="No budgets."
            head={["Budget", "Spent", "Left", "Resets at (UTC)", "Forecast"]}
            texts={[3, 4]}
            rows={page.budgets.map((budget) => ({
              id: budget.slug,
              cells: [
                budget.slug,
                `${dollars(budget.spentMicroUsd)} of ${dollars(budget.inForceMicroUsd)}`,
                budget.leftMicroUsd === null ? "–" : dollars(budget.leftMicroUsd),
                budget.periodEnd === null ? "rolling window" : utcWords(budget.periodEnd),
                forecastOf(budget, page.at),
              ],
            }))}
          />
        )}
        <Listing
          title="By model, last 30 days"
          head={["Model", "Calls", "Tokens", "Cost"]}
          rows={page.models.map((row, _index, all) => ({
            id: row.model,
            cells: [row.model, count(row.calls), count(row.tokens), costIn(all)(row)],
          }))}
          empty="No calls in the last 30 days."
        />
        <Listing
          title="By day"
          head={["Day (UTC)", "Calls", "Tokens", "Cost"]}
          rows={[...page.days].reverse().map((row, _index, all) => ({
            id: row.day,
            cells: [dayWords(row.day), count(row.calls), count(row.tokens), costIn(all)(row)],
          }))}
          empty="No calls in the last 30 days."
        />
        <Listing
          title="Refused in the last 24 hours"
          head={["Why", "Limit", "Calls", "Last (UTC)"]}
          rows={page.refusals.map((row) => ({
            id: `${row.code} ${row.layer} ${row.limit}`,
            cells: [
              WHY[row.code] ?? codeWords(row.code),
              isBrake(row) ? "–" : row.limit || "–",
              count(row.count),
              utcWords(row.last),
            ],
          }))}
          empty="No refusals."
        />
      </Stack>
    </Container>
  );
}

/** A brake's id tells a tenant nothing. */
function isBrake({ code }: { readonly code: string }): boolean {
  return code === "kill_switch_active";
}

/** When it would be used up. */
function forecastOf(budget: TenantPage["budgets"][number], at: string): string {
  const { leftMicroUsd, isRefusing, refuses } = budget;
  const foreseen = { ...budget, remaining: leftMicroUsd ?? 1, observe: !refuses, isRefusing };
  return forecastWords(foreseen, Date.parse(at)) ?? "–";
}

type Costly = { readonly costMicroUsd: number };

/** Its cost, with the decimals of its column. */
function costIn(all: readonly Costly[]): (row: Costly) => string {
  const moneyOf = dollarsAlike(all.map((row) => row.costMicroUsd));
  return (row) => moneyOf(row.costMicroUsd);
}

const WHY: Readonly<Record<string, string>> = {
  rate_limit_exceeded: "Over a limit",
  insufficient_quota: "Budget used up",
  kill_switch_active: "Stopped by the operator",
  request_exceeds_limit: "The call is too large",
  limiter_unavailable: "Limits could not be checked",
  overloaded: "Too many concurrent calls",
};
