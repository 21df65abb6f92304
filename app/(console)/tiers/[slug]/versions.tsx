"use client";

import { Badge, Button, Group, Paper, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ScheduleView, TierVersion, TierVersions } from "@/lib/console/tier-versions";
import { api } from "../../../_ui/api";
import { count, duration } from "../../../_ui/format";
import { Moment } from "../../../_ui/moment";
import { Failed } from "../../../_ui/page-head";

/** What was published and what came of it; any of them can be loaded as a draft again. */
export function Versions({
  slug,
  current,
  canEdit,
  onLoad,
}: {
  slug: string;
  current: number;
  canEdit: boolean;
  onLoad: (version: TierVersion) => void;
}) {
  const path = `tiers/${encodeURIComponent(slug)}/versions`;
  const seen = useQuery({
    queryKey: ["tiers", slug, "versions", current],
    queryFn: () => api<TierVersions>(path),
    refetchInterval: 5000,
  });
  const waiting = seen.data?.schedules.filter((one) => one.status !== "published") ?? [];
  return (
    <Paper withBorder p="md" component="section" aria-label="Versions">
      <Text fw={600} component="h2" fz="md" mb="xs">
        Versions
      </Text>
      <Failed what="The versions could not be loaded" error={seen.error} />
      {seen.data === undefined && seen.error === null && <Skeleton h={60} />}
      {waiting.map((one) => (
        <Waiting key={one.id} slug={slug} schedule={one} canEdit={canEdit} />
      ))}
      {seen.data?.versions.length === 0 && (
        <Text size="sm" c="dimmed">
          Nothing has been published since the start: version {current} came with the installation.
        </Text>
      )}
      {seen.data !== undefined && seen.data.versions.length > 0 && (
        <Table.ScrollContainer minWidth={560}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Version</Table.Th>
                <Table.Th>Published</Table.Th>
                <Table.Th>Refused, as foretold for a day</Table.Th>
                <Table.Th>As it came, in its first day</Table.Th>
                <Table.Th>
                  <span className="visually-hidden">Actions</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {seen.data.versions.map((version) => (
                <Table.Tr key={version.version}>
                  <Table.Td className="figure">
                    {version.version} {version.version === current && <Badge tt="none">in force</Badge>}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={version.at} /> by {version.by}
                    {version.comment !== null && (
                      <Text size="sm" c="dimmed">
                        {version.comment}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td className="figure">{shareWords(servedOf(version.predicted))}</Table.Td>
                  <Table.Td className="figure">
                    {shareWords(version.came)}
                    {version.came !== null && version.came.hours < 24 && (
                      <Text size="xs" c="dimmed">
                        {version.version === current ? "so far, " : "until the next, "}
                        {duration(version.came.hours * 3600)}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">
                    {canEdit && version.version !== current && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        onClick={() => onLoad(version)}
                        aria-label={`Go back to version ${version.version}…`}
                      >
                        Go back to it…
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paper>
  );
}

function Waiting({ slug, schedule, canEdit }: { slug: string; schedule: ScheduleView; canEdit: boolean }) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => api(`tiers/${encodeURIComponent(slug)}/schedules/${schedule.id}`, { method: "DELETE", body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tiers", slug] }),
  });
  const words = { waiting: "waits", failed: "was not published", withdrawn: "was withdrawn" };
  return (
    <Stack gap={4} mb="sm">
      <Group gap="xs">
        <Badge tt="none" color={schedule.status === "failed" ? "red.9" : "blue.9"} variant="light">
          {Object.entries(words).find(([status]) => status === schedule.status)?.[1] ?? schedule.status}
        </Badge>
        <Text size="sm">
          Draft of {schedule.by} for <Moment at={schedule.publishAt} />
          {schedule.comment !== null && ` · ${schedule.comment}`}
          {schedule.outcome !== null && ` · ${schedule.outcome}`}
        </Text>
        {canEdit && schedule.status === "waiting" && (
          <Button size="compact-sm" variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
            Withdraw
          </Button>
        )}
      </Group>
      <Failed what="Not withdrawn" error={withdraw.error} />
    </Stack>
  );
}

/** The replay counts refusals among the calls that were served; what came true counts both apart. */
function servedOf(predicted: TierVersion["predicted"]): TierVersion["came"] {
  return predicted && { ...predicted, calls: predicted.calls - predicted.refused };
}

function shareWords(outcome: TierVersion["came"]): string {
  if (outcome === null) return "not known";
  const asked = outcome.calls + outcome.refused;
  const share = asked === 0 ? 0 : (outcome.refused / asked) * 100;
  return `${count(outcome.refused)} (${share.toFixed(1)} %)`;
}
