"use client";

import { Anchor, Badge, Button, Card, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import Link from "next/link";
import type { TenantLine } from "@/lib/console/overview/overview";
import { amount, duration, fromNow, usedOf } from "../_ui/figures/format";

type Props = { tenants: readonly TenantLine[]; canBrake: boolean; onStop: (tenant: string) => void };

/** Every tenant with the limit that is nearest to refusing, the tightest first; cards instead of rows on a phone. */
export function TenantTable(props: Props) {
  return (
    <Card component="section" aria-label="Tenants" padding={0}>
      <Text fw={600} p="md" pb="xs">
        Tenants, nearest to a limit first
      </Text>
      <Table.ScrollContainer minWidth={760} visibleFrom="sm">
        <Table verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Tenant</Table.Th>
              <Table.Th>Tier</Table.Th>
              <Table.Th>Binding limit</Table.Th>
              <Table.Th w="24%">Used</Table.Th>
              <Table.Th className="figure">Remaining</Table.Th>
              <Table.Th className="figure">Resets in</Table.Th>
              {props.canBrake && <Table.Th aria-label="Actions" />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {props.tenants.map((tenant) => (
              <Row key={tenant.slug} tenant={tenant} {...props} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Stack gap={0} hiddenFrom="sm">
        {props.tenants.map((tenant) => (
          <PhoneCard key={tenant.slug} tenant={tenant} {...props} />
        ))}
      </Stack>
    </Card>
  );
}

function Row({ tenant, canBrake, onStop }: Props & { tenant: TenantLine }) {
  const { binding } = tenant;
  return (
    <Table.Tr data-testid={`tenant-${tenant.slug}`}>
      <Table.Td>
        <Name tenant={tenant} />
      </Table.Td>
      <Table.Td>{tenant.tier}</Table.Td>
      <Table.Td>{binding?.name ?? "no limits"}</Table.Td>
      <Table.Td>{binding !== null && <Use binding={binding} />}</Table.Td>
      <Table.Td className="figure">{binding !== null && amount(binding.dimension, binding.remaining)}</Table.Td>
      <Table.Td className="figure">{resetWords(binding)}</Table.Td>
      {canBrake && (
        <Table.Td ta="right">
          <StopButton tenant={tenant} onStop={onStop} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function PhoneCard({ tenant, canBrake, onStop }: Props & { tenant: TenantLine }) {
  const { binding } = tenant;
  return (
    <Stack gap={6} px="md" py="sm" style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
      <Group justify="space-between" wrap="nowrap">
        <Name tenant={tenant} />
        {canBrake && <StopButton tenant={tenant} onStop={onStop} />}
      </Group>
      {binding !== null && (
        <>
          <Use binding={binding} />
          <Text size="sm" c="dimmed" className="figure">
            {binding.name} · {amount(binding.dimension, binding.remaining)} left ·{" "}
            {binding.resetSeconds === 0 ? "nothing used" : `full again in ${resetWords(binding)}`}
          </Text>
        </>
      )}
    </Stack>
  );
}

function Name({ tenant }: { tenant: TenantLine }) {
  return (
    <div>
      <Anchor component={Link} href={`/tenants/${tenant.slug}`} fw={550} size="sm">
        {tenant.name}
      </Anchor>
      <Group gap={6}>
        <Text size="xs" c="dimmed">
          {tenant.slug}
        </Text>
        {tenant.status !== "active" && (
          <Badge color="red" size="xs">
            {tenant.status}
          </Badge>
        )}
      </Group>
    </div>
  );
}

const TIGHT_SHARE = 0.8;

function Use({ binding }: { binding: NonNullable<TenantLine["binding"]> }) {
  const share = binding.limit === 0 ? 1 : binding.used / binding.limit;
  const colour = share >= 1 ? "red.7" : share >= TIGHT_SHARE ? "yellow.6" : "river.6";
  const text = usedOf(binding.dimension, binding.used, binding.limit);
  return (
    <div>
      <Text size="sm" className="figure">
        {text}
        {binding.exhaustedAt !== null && share < 1 && (
          <Text span c="red" fw={600}>{` · used up ${fromNow(binding.exhaustedAt, Date.now())} at this rate`}</Text>
        )}
        {share > 1 && (
          <Text span c="red" fw={600}>{` · ${amount(binding.dimension, binding.used - binding.limit)} over`}</Text>
        )}
      </Text>
      <Progress value={Math.min(100, share * 100)} color={colour} size="sm" mt={4} aria-label={text} />
    </div>
  );
}

function resetWords(binding: TenantLine["binding"]): string {
  if (binding === null) return "";
  return binding.resetSeconds === 0 ? "unused" : duration(binding.resetSeconds);
}

function StopButton({ tenant, onStop }: { tenant: TenantLine; onStop: Props["onStop"] }) {
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
