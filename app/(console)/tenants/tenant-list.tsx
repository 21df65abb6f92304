"use client";

import { Anchor, Badge, Button, Card, Group, Skeleton, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../_ui/data/api";
import { plural } from "../../_ui/figures/format";
import { Failed } from "../../_ui/shell/page-head";
import { NewTenant } from "./new-tenant";

/** Every organisation that may call, with its tier, its state and how many keys it has. */
export function TenantList({ canEdit }: { canEdit: boolean }) {
  const [search, setSearch] = useQueryState("find", parseAsString.withDefault(""));
  const [isOpen, setIsOpen] = useState(false);
  const tenants = useQuery({ queryKey: ["tenants"], queryFn: () => api<{ tenants: TenantView[] }>("tenants") });
  const wanted = search.trim().toLowerCase();
  const shown = tenants.data?.tenants.filter((tenant) =>
    `${tenant.name} ${tenant.slug}`.toLowerCase().includes(wanted),
  );
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={1} fz="h2">
            Tenants
          </Title>
          <Text c="dimmed" size="sm">
            Organisations that call through Spillway. Each has a tier, its own keys and its own counters.
          </Text>
        </div>
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setIsOpen(true)}>
            New tenant
          </Button>
        )}
      </Group>
      <TextInput
        aria-label="Find a tenant"
        placeholder="Find by name or slug"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        maw={360}
      />
      <Failed what="The tenants could not be loaded" error={tenants.error} />
      {shown === undefined && tenants.error === null && <Skeleton h={220} radius="md" />}
      {shown !== undefined && shown.length > 0 && <Rows tenants={shown} />}
      {shown?.length === 0 && (
        <Text>
          {wanted === ""
            ? "No tenants yet. Create one, then create a key for it."
            : `No tenant is called anything like "${search}".`}
        </Text>
      )}
      {isOpen && <NewTenant onClose={() => setIsOpen(false)} />}
    </Stack>
  );
}

function Rows({ tenants }: { tenants: readonly TenantView[] }) {
  return (
    <Card padding={0} component="section" aria-label="Tenants">
      <Table verticalSpacing="sm" horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Tenant</Table.Th>
            <Table.Th>Tier</Table.Th>
            <Table.Th visibleFrom="sm">Time zone</Table.Th>
            <Table.Th className="figure">Keys</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tenants.map((tenant) => (
            <Table.Tr key={tenant.slug} data-testid={`tenant-${tenant.slug}`}>
              <Table.Td>
                <Group gap={8}>
                  <Anchor component={Link} href={`/tenants/${tenant.slug}`} fw={550}>
                    {tenant.name}
                  </Anchor>
                  {tenant.status === "suspended" && (
                    <Badge color="red" variant="light" tt="none">
                      suspended
                    </Badge>
                  )}
                </Group>
                <Text size="xs" c="dimmed">
                  {tenant.slug}
                </Text>
              </Table.Td>
              <Table.Td>{tenant.tier}</Table.Td>
              <Table.Td visibleFrom="sm">{tenant.timeZone}</Table.Td>
              <Table.Td className="figure" aria-label={plural(tenant.activeKeys, "active key")}>
                {tenant.activeKeys}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
