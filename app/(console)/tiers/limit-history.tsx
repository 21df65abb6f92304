"use client";

import { Skeleton, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TierVersions } from "@/lib/console/tiers/tier-versions";
import { api } from "../../_ui/data/api";
import { Moment } from "../../_ui/figures/moment";
import { Failed } from "../../_ui/shell/page-head";
import { changesOf } from "./limit-changes";

type HistoryOf = { readonly slug: string; readonly version: number; readonly name: string };

/** One limit's values by version: who published them, when and why. */
export function LimitHistory({ slug, version, name }: HistoryOf) {
  const seen = useQuery({
    queryKey: ["tiers", slug, "versions", version],
    queryFn: () => api<TierVersions>(`tiers/${encodeURIComponent(slug)}/versions`),
  });
  if (seen.error !== null) return <Failed what="The history could not be loaded" error={seen.error} />;
  if (seen.data === undefined) return <Skeleton h={80} />;
  const changes = changesOf(name, seen.data.versions);
  if (changes.length === 0) return <Text size="sm">No version has changed it yet.</Text>;
  return (
    <Table className="stacks" role="table" aria-label={`History of ${name}`} fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Version</Table.Th>
          <Table.Th>Limit</Table.Th>
          <Table.Th>Published</Table.Th>
          <Table.Th>Comment</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map((change) => (
          <Table.Tr key={change.version} role="row">
            <Table.Td role="cell" data-label="Version">
              {change.version}
            </Table.Td>
            <Table.Td role="cell" data-label="Limit">
              {change.words}
            </Table.Td>
            <Table.Td role="cell" data-label="Published">
              {change.at === null ? (
                "before the first publication"
              ) : (
                <>
                  <Moment at={change.at} form="short" /> by {change.by}
                </>
              )}
            </Table.Td>
            <Table.Td role="cell" data-label="Comment">
              {change.comment ?? "–"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
