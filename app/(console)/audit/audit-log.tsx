"use client";

import { Anchor, Badge, Button, Card, Code, Group, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import type { AuditView } from "@/lib/console/records/audit";
import { api } from "../../_ui/data/api";
import { Moment } from "../../_ui/figures/moment";
import { Empty } from "../../_ui/notices/empty";
import { Failed } from "../../_ui/shell/page-head";
import { TimePicker } from "../../_ui/time/time-picker";
import { spanQuery } from "../../_ui/time/time-range";
import { useTimeChoice } from "../../_ui/time/use-time-choice";
import { actWords } from "./act-words";
import { auditPlace } from "./audit-place";

type Page = { readonly rows: readonly AuditView[]; readonly next: number | null };

const FIRST_PAGE = 0;

/** Who changed what, newest first, and whether the log was changed. */
export function AuditLog() {
  const [target, setTarget] = useQueryState("target", parseAsString.withDefault(""));
  const [time, setTime] = useTimeChoice("all");
  const sought = target.trim() === "" ? {} : { target: target.trim() };
  const log = useInfiniteQuery({
    queryKey: ["audit", target, time],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        ...(pageParam === FIRST_PAGE ? {} : { before: String(pageParam) }),
        ...sought,
        ...spanQuery(time, Date.now()),
      });
      return api<Page>(`audit?${query}`);
    },
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (page) => page.next,
  });
  const rows = log.data?.pages.flatMap((page) => page.rows);
  return (
    <Stack gap="md" maw={1100}>
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={1} fz="h2">
            Audit
          </Title>
          <Text c="dimmed" size="sm">
            Every change, sign-in and refused action of an operator. A changed or missing row is detected.
          </Text>
        </div>
        <Group gap="sm">
          <Seal />
          <Button
            component="a"
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            href={`/api/admin/audit?${new URLSearchParams({ format: "csv", ...sought, ...spanQuery(time, Date.now()) })}`}
            suppressHydrationWarning
          >
            CSV
          </Button>
        </Group>
      </Group>
      <Group gap="sm">
        <TextInput
          aria-label="Changed object"
          placeholder="Slug or id of one object"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
          flex="1 1 300px"
          maw={460}
        />
        <TimePicker choice={time} presets={["24h", "7d", "30d", "all"]} onChange={setTime} />
      </Group>
      <Failed what="The log could not be loaded" error={log.error} />
      {rows === undefined && log.error === null && <Skeleton h={300} radius="md" />}
      {rows?.length === 0 && (
        <Card component="section" aria-label="Changes">
          <Empty>
            {target === "" ? "No changes in this time range." : `No changes to "${target}" in this time range.`}
          </Empty>
        </Card>
      )}
      {rows !== undefined && rows.length > 0 && (
        <Card padding={0} component="section" aria-label="Changes">
          {rows.map((row) => (
            <Row key={row.seq} row={row} />
          ))}
        </Card>
      )}
      {log.hasNextPage && (
        <Button variant="default" onClick={() => log.fetchNextPage()} loading={log.isFetchingNextPage}>
          Older changes
        </Button>
      )}
    </Stack>
  );
}

function Seal() {
  const seal = useQuery({
    queryKey: ["audit-seal"],
    queryFn: () => api<{ intact: boolean; brokenAt: number | null }>("audit/verify"),
  });
  if (seal.data === undefined) return null;
  return seal.data.intact ? (
    <Badge variant="dot" color="teal" size="lg" tt="none">
      intact
    </Badge>
  ) : (
    <Badge color="red.9" size="lg" tt="none">
      broken at row {seal.data.brokenAt}
    </Badge>
  );
}

function Target({ row: { action, target, targetName } }: { row: AuditView }) {
  const href = auditPlace(action, target);
  const name = targetName ?? target;
  if (href === null) return name;
  return (
    <Anchor component={Link} href={href} size="sm" underline="always">
      {name}
    </Anchor>
  );
}

function Row({ row }: { row: AuditView }) {
  const [isOpen, setIsOpen] = useState(false);
  const hasDetails = row.before !== null || row.after !== null;
  return (
    <Stack gap={4} px="md" py="sm" style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }} title={`${row.action} ${row.target}`}>
            <b>{actWords(row.action)}</b> <Target row={row} />
          </Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {row.actor} ({row.role}){row.address !== "" && ` from ${row.address}`} · <Moment at={row.at} />
          </Text>
          {row.reason !== null && <Text size="sm">{row.reason}</Text>}
        </div>
        {hasDetails && (
          <Button
            variant="default"
            size="compact-xs"
            style={{ flexShrink: 0 }}
            onClick={() => setIsOpen(!isOpen)}
            aria-expanded={isOpen}
            aria-label={`Details of change ${row.seq}`}
          >
            {isOpen ? "Less" : "Details"}
          </Button>
        )}
      </Group>
      {isOpen && (
        <Code block tabIndex={0} style={{ maxHeight: 320, overflow: "auto" }}>
          {JSON.stringify({ action: row.action, target: row.target, before: row.before, after: row.after }, null, 2)}
        </Code>
      )}
    </Stack>
  );
}
