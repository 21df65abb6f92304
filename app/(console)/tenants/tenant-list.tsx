"use client";

import { Anchor, Badge, Button, Card, Group, Skeleton, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../_ui/data/api";
import type { TenantPage } from "../../_ui/data/found";
import { CursorPages } from "../../_ui/figures/cursor-pages";
import { count, plural } from "../../_ui/figures/format";
import { BrakedBadge } from "../../_ui/limits/braked/braked-badge";
import { Empty } from "../../_ui/notices/empty";
import { Failed } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { NewTenant } from "./new-tenant";

const PAGE = 50;
const FIND_AFTER_MS = 150;

/** All tenants, a page at a time; the server searches and pages. */
export function TenantList({ canEdit }: { canEdit: boolean }) {
  const [{ find, after }, setPlace] = useQueryStates({
    find: parseAsString.withDefault(""),
    after: parseAsString.withDefault(""),
  });
  const [isOpen, setIsOpen] = useState(false);
  const [wanted] = useDebouncedValue(find.trim(), FIND_AFTER_MS);
  const query = new URLSearchParams({
    limit: String(PAGE),
    ...(wanted === "" ? {} : { find: wanted }),
    ...(after === "" ? {} : { after }),
  });
  const page = useQuery({
    queryKey: ["tenants", "page", wanted, after],
    queryFn: () => api<TenantPage>(`tenants?${query}`),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <Head canEdit={canEdit} onNew={() => setIsOpen(true)} />
      <Group justify="space-between" align="center">
        <TextInput
          aria-label="Find a tenant"
          placeholder="Find by name or slug"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={find}
          onChange={(event) => void setPlace({ find: event.currentTarget.value || null, after: null })}
          w={{ base: "100%", xs: 360 }}
        />
        {page.data !== undefined && (
          <Text size="sm" c="dimmed" role="status">
            {wanted === "" ? plural(page.data.total, "tenant") : `${count(page.data.total)} found`}
          </Text>
        )}
      </Group>
      <Failed what="The tenants could not be loaded" error={page.error} />
      {page.data === undefined && page.error === null && <Skeleton h={220} radius="md" />}
      {page.data !== undefined && page.data.tenants.length > 0 && <Rows tenants={page.data.tenants} />}
      {page.data?.tenants.length === 0 && (
        <Card>
          <Empty>
            {wanted === "" ? (
              <NextStep
                says="No tenants yet. A tenant needs a tier and a key. All steps:"
                href="/setup"
                page="Get started"
              />
            ) : (
              `No tenant matches "${find}".`
            )}
          </Empty>
        </Card>
      )}
      {page.data !== undefined && (
        <CursorPages
          of="tenants"
          next={page.data.next}
          isFirst={after === ""}
          onPlace={(place) => void setPlace({ after: place }, { history: "push" })}
        />
      )}
      {isOpen && <NewTenant onClose={() => setIsOpen(false)} />}
    </Stack>
  );
}

function Head({ canEdit, onNew }: { canEdit: boolean; onNew: () => void }) {
  return (
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
        <Button leftSection={<IconPlus size={16} />} onClick={onNew}>
          New tenant
        </Button>
      )}
    </Group>
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
            <Table.Th className="figure" ta="right">
              Keys
            </Table.Th>
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
                  <BrakedBadge kind="tenant" of={{ tenant: tenant.slug, tier: tenant.tier }} />
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
              <Table.Td>
                <Anchor component={Link} href={`/tiers/${tenant.tier}`} size="sm">
                  {tenant.tierName}
                </Anchor>
              </Table.Td>
              <Table.Td visibleFrom="sm">{tenant.timeZone}</Table.Td>
              <Table.Td className="figure" ta="right">
                <Anchor
                  component={Link}
                  href={`/keys?tenant=${tenant.slug}`}
                  size="sm"
                  aria-label={`${plural(tenant.activeKeys, "active key")} of ${tenant.name}`}
                >
                  {tenant.activeKeys}
                </Anchor>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
