"use client";

import { Anchor, Badge, Box, Button, Card, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconHandStop } from "@tabler/icons-react";
import Link from "next/link";
import type { TenantLine } from "@/lib/console/overview/nearest/most-urgent";
import type { Binding } from "@/lib/console/overview/nearest/tenant-watch";
import { amount, count, dollarsAlike, duration, usedOf } from "../_ui/figures/format";
import { useHeldOrder } from "../_ui/figures/held-order";
import { Sparkline } from "../_ui/figures/sparkline";
import { forecastWords } from "../_ui/limits/forecast-words";
import { Empty } from "../_ui/notices/empty";

type Act = { readonly canBrake: boolean; readonly onStop: (tenant: string) => void };
/** Calls per minute of the last hour, oldest first. */
type Trend = { readonly slug: string; readonly callsPerMinute: readonly number[] };
type Props = Act & {
  readonly tenants: readonly TenantLine[];
  readonly trends: readonly Trend[];
  readonly total: number;
};

/** As Mantine's breakpoint sm. */
const [WIDE, NARROW] = ["(min-width: 48em)", "(max-width: 47.99em)"];

/** The tenants that need attention first, with their activity and nearest limit; cards instead of rows on a phone. */
export function TenantTable({ tenants, trends, total, ...act }: Props) {
  const spend = dollarsAlike(tenants.map(({ spendPerMinuteMicroUsd }) => spendPerMinuteMicroUsd));
  const trendOf = new Map(trends.map(({ slug, callsPerMinute }) => [slug, callsPerMinute]));
  const { rows, holders } = useHeldOrder(tenants, (tenant) => tenant.slug);
  // The server knows no width and sends both forms; the browser keeps one of them.
  const isWide = useMediaQuery(WIDE);
  const isNarrow = useMediaQuery(NARROW);
  return (
    <Card component="section" aria-label="Tenants" padding={0} {...holders}>
      <Group justify="space-between" p="md" pb="xs" gap="xs">
        <Text fw={600}>Tenants: stopped, refused, then nearest to a limit</Text>
        <Anchor component={Link} href="/tenants" size="sm">
          {rows.length < total ? `${count(rows.length)} of ${count(total)} tenants: show all` : "All tenants"}
        </Anchor>
      </Group>
      {total === 0 && (
        <Box px="md" pb="md">
          <Empty>There are no tenants yet.</Empty>
        </Box>
      )}
      <Table.ScrollContainer hidden={total === 0} minWidth={1000} visibleFrom="sm" type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th miw={210}>Tenant</Table.Th>
              <Table.Th w="26%">Nearest limit</Table.Th>
              <Table.Th className="figure">Resets in</Table.Th>
              <Table.Th className="figure" ta="right">
                Calls/min
              </Table.Th>
              <Table.Th w={110} style={{ whiteSpace: "nowrap" }}>
                Last hour
              </Table.Th>
              <Table.Th className="figure">Refused</Table.Th>
              <Table.Th className="figure" ta="right">
                Spend/min
              </Table.Th>
              {act.canBrake && <Table.Th aria-label="Actions" />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {(isNarrow ? [] : rows).map((tenant) => (
              <Row key={tenant.slug} {...{ tenant, spend }} trend={trendOf.get(tenant.slug)} {...act} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Stack gap={0} hiddenFrom="sm">
        {(isWide ? [] : rows).map((tenant) => (
          <PhoneCard key={tenant.slug} {...{ tenant, spend }} trend={trendOf.get(tenant.slug)} {...act} />
        ))}
      </Stack>
    </Card>
  );
}

type One = Act & {
  readonly tenant: TenantLine;
  readonly trend: readonly number[] | undefined;
  /** money with the decimals of its column */
  readonly spend: (microUsd: number) => string;
};

function Row({ tenant, trend, spend, canBrake, onStop }: One) {
  const { binding } = tenant;
  return (
    <Table.Tr data-testid={`tenant-${tenant.slug}`}>
      <Table.Td>
        <Name tenant={tenant} />
      </Table.Td>
      <Table.Td>{binding === null ? <NoLimit /> : <Use binding={binding} isRefusing={tenant.isRefusing} />}</Table.Td>
      <Table.Td className="figure">{resetWords(binding)}</Table.Td>
      <Table.Td className="figure" ta="right">
        {rate(tenant.callsPerMinute)}
      </Table.Td>
      <Table.Td>
        <TrendLine tenant={tenant} trend={trend} />
      </Table.Td>
      <Table.Td className="figure">
        <Refused tenant={tenant} />
      </Table.Td>
      <Table.Td className="figure" ta="right">
        {spend(tenant.spendPerMinuteMicroUsd)}
      </Table.Td>
      {canBrake && (
        <Table.Td ta="right">
          <StopButton tenant={tenant} onStop={onStop} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function PhoneCard({ tenant, trend, spend, canBrake, onStop }: One) {
  const { binding } = tenant;
  return (
    <Stack gap={6} px="md" py="sm" style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
      <Group justify="space-between" wrap="nowrap">
        <Name tenant={tenant} />
        {canBrake && <StopButton tenant={tenant} onStop={onStop} />}
      </Group>
      {binding !== null && <Use binding={binding} isRefusing={tenant.isRefusing} />}
      <Text size="sm" c="dimmed" className="figure">
        {rate(tenant.callsPerMinute)} calls/min · {spend(tenant.spendPerMinuteMicroUsd)}/min
        {binding !== null && (binding.resetAt === null ? " · nothing used" : ` · full again in ${resetWords(binding)}`)}
      </Text>
      <TrendLine tenant={tenant} trend={trend} />
      {tenant.refusedShare > 0 && (
        <Text size="sm">
          <Refused tenant={tenant} /> refused
        </Text>
      )}
    </Stack>
  );
}

/** The last hour's calls as a line that links to them; same height before it is loaded. */
function TrendLine({ tenant, trend }: Pick<One, "tenant" | "trend">) {
  return (
    <Anchor
      component={Link}
      prefetch={false}
      href={`/requests/log?${new URLSearchParams({ tenant: tenant.slug, range: "1h" })}`}
      aria-label={`Calls of ${tenant.slug} in the last hour`}
      display="block"
      h={28}
    >
      {trend !== undefined && <Sparkline values={trend} />}
    </Anchor>
  );
}

function Name({ tenant }: { tenant: TenantLine }) {
  return (
    <div>
      <Anchor component={Link} prefetch={false} href={`/tenants/${tenant.slug}`} fw={550} size="sm">
        {tenant.name}
      </Anchor>
      <Group gap={6}>
        <Text size="xs" c="dimmed">
          {tenant.slug} · {tenant.tier} tier
        </Text>
        {tenant.status !== "active" && (
          <Badge color="red.9" size="xs" tt="none">
            {tenant.status}
          </Badge>
        )}
        {tenant.brakeId !== null && (
          <Badge color="red.9" size="xs" tt="none">
            stopped by a brake
          </Badge>
        )}
      </Group>
    </div>
  );
}

function NoLimit() {
  return (
    <Text size="sm" c="dimmed">
      no tenant-wide limit
    </Text>
  );
}

/** The refused share of its calls, and what refuses most of them. */
function Refused({ tenant }: { tenant: TenantLine }) {
  if (tenant.refusedShare === 0) return <>–</>;
  return (
    <>
      <Text span size="sm" c="red" fw={600}>
        {percent(tenant.refusedShare)}
      </Text>
      {tenant.refusedBy !== null && (
        <Text span size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>{` by ${tenant.refusedBy}`}</Text>
      )}
    </>
  );
}

const DECIMALS_BELOW = 100;

/** With one decimal while it is small, so that the figures of a column compare. */
function rate(perMinute: number): string {
  return perMinute > 0 && perMinute < DECIMALS_BELOW ? perMinute.toFixed(1) : count(Math.round(perMinute));
}

function percent(share: number): string {
  return share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

const TIGHT_SHARE = 0.8;

function Use({ binding, isRefusing }: { binding: Binding; isRefusing: boolean }) {
  const share = binding.limit === 0 ? 1 : binding.used / binding.limit;
  const colour = share >= 1 ? "red.7" : share >= TIGHT_SHARE ? "yellow.6" : "river.6";
  const text = usedOf(binding.dimension, binding.used, binding.limit);
  const forecast = forecastWords({ ...binding, observe: false, isRefusing }, Date.now());
  return (
    <div>
      <Text size="sm" className="figure">
        {text}
        {forecast !== null && <Text span c="red" fw={600}>{` · ${forecast}`}</Text>}
        {share > 1 && (
          <Text span c="red" fw={600}>{` · ${amount(binding.dimension, binding.used - binding.limit)} over`}</Text>
        )}
      </Text>
      <Progress value={Math.min(100, share * 100)} color={colour} size="sm" mt={4} aria-label={text} />
      <Text size="xs" c="dimmed" mt={2}>
        {binding.name}
      </Text>
    </div>
  );
}

function resetWords(binding: Binding | null): string {
  if (binding === null) return "";
  if (binding.resetAt === null) return "unused";
  return duration(Math.max(0, (Date.parse(binding.resetAt) - Date.now()) / 1000));
}

function StopButton({ tenant, onStop }: { tenant: TenantLine; onStop: Act["onStop"] }) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconHandStop size={14} />}
      onClick={() => onStop(tenant.slug)}
      aria-label={`Stop ${tenant.slug}`}
    >
      Stop
    </Button>
  );
}
