"use client";

import { Alert, Badge, Button, Group, List, Modal, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import type { Outcome, ReplayView } from "@/lib/console/tiers/replay-tier";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { count, plural } from "../../../_ui/figures/format";
import { useMomentWords } from "../../../_ui/figures/moment";
import { Failed } from "../../../_ui/shell/page-head";
import { reviewChanges } from "./review-changes";

export type Predicted = { readonly calls: number; readonly refused: number; readonly hours: number };

/** A draft's changes, and what it would have done to the last day's calls: the same arithmetic that decides. */
export function Review({
  tier,
  limits,
  onPublish,
  onWatch,
  onSchedule,
  isPublishing,
  onClose,
}: {
  tier: TierView;
  limits: readonly DraftLimit[];
  /** with the replay's prediction, if ready */
  onPublish: (predicted: Predicted | null) => void;
  /** beside the current limits, only observed */
  onWatch: () => void;
  /** at an ISO time */
  onSchedule: (at: string) => void;
  isPublishing: boolean;
  onClose: () => void;
}) {
  const draft = limits.map((limit) => ({
    ...limit,
    name: limit.name || `${limit.layer}-${limit.dimension}`.replaceAll("_", "-"),
  }));
  const replay = useQuery({
    queryKey: ["replay", tier.slug, JSON.stringify(draft)],
    queryFn: () =>
      api<ReplayView>(`tiers/${encodeURIComponent(tier.slug)}/replay`, { method: "POST", body: { limits: draft } }),
    refetchOnWindowFocus: false,
  });
  const changes = reviewChanges(tier.limits, draft);
  const [later, setLater] = useState("");
  const predicted =
    replay.data === undefined
      ? null
      : { calls: replay.data.calls, refused: replay.data.draft.refused, hours: replay.data.hours };
  return (
    <Modal opened onClose={onClose} title={`Review of ${tier.name}`} size="lg">
      <Stack>
        <section aria-label="Changes">
          <Text fw={600} mb={4}>
            What changes
          </Text>
          {changes.length === 0 ? (
            <Text size="sm">No limit changes.</Text>
          ) : (
            <List size="sm">
              {changes.map((change) => (
                <List.Item key={change}>{change}</List.Item>
              ))}
            </List>
          )}
        </section>
        {replay.data !== undefined && replay.data.contradictions.length > 0 && (
          <Alert color="orange" title="Check these">
            <List size="sm">
              {replay.data.contradictions.map((one) => (
                <List.Item key={one}>{one}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <section aria-label="Replay">
          <Text fw={600} mb={4}>
            Replay of the last 24 hours
          </Text>
          <Failed what="The calls could not be replayed" error={replay.error} />
          {replay.data === undefined && replay.error === null && <Skeleton h={120} />}
          {replay.data !== undefined && <Played view={replay.data} />}
        </section>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back to the limits
          </Button>
          <Button
            variant="default"
            onClick={onWatch}
            loading={isPublishing}
            disabled={changes.length === 0}
            title="The current limits stay in force. The draft's changes count beside them and refuse nothing."
          >
            Watch first
          </Button>
          <Button onClick={() => onPublish(predicted)} loading={isPublishing}>
            Publish now
          </Button>
        </Group>
        <Text size="xs" c="dimmed" ta="right">
          Watch first: the current limits stay in force. The draft counts what it would refuse, and refuses nothing.
        </Text>
        <Group justify="flex-end" align="flex-end">
          <TextInput
            type="datetime-local"
            label="Or publish it later"
            description="in your time zone; cancelled if the tier changes first"
            value={later}
            onChange={(event) => setLater(event.currentTarget.value)}
            miw={240}
          />
          <Button
            variant="default"
            disabled={later === ""}
            loading={isPublishing}
            onClick={() => onSchedule(new Date(later).toISOString())}
          >
            Schedule
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Played({ view }: { view: ReplayView }) {
  const momentWords = useMomentWords();
  const { draft, now } = view;
  if (view.calls === 0)
    return <Text size="sm">No call of this tier&apos;s tenants in the last {view.hours} hours.</Text>;
  const hit = draft.tenants.filter((line) => line.refused > 0);
  return (
    <Stack gap="xs">
      <Group gap="xl">
        <Figure outcome={draft} calls={view.calls} label="refused with this draft" />
        <Figure outcome={now} calls={view.calls} label="refused with the current limits" />
      </Group>
      <Text size="sm" c="dimmed">
        At the time {plural(view.servedInFact, "call")} served, {plural(view.refusedInFact, "call")} refused
        {view.calls > view.servedInFact &&
          ` (${count(view.calls - view.servedInFact)} of them are stored and replayed too)`}
        {draft.firstAt !== null && ` · the first refusal would have been at ${momentWords(draft.firstAt)}`}
      </Text>
      {draft.limits.length > 0 && (
        <Text size="sm">
          By limit: {draft.limits.map((line) => `${line.limit} ${count(line.refused)}`).join(" · ")}
        </Text>
      )}
      {hit.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Worst hit</Table.Th>
              <Table.Th ta="right">Calls</Table.Th>
              <Table.Th ta="right">Would be refused</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {hit.map((line) => (
              <Table.Tr key={line.tenant}>
                <Table.Td>{line.tenant}</Table.Td>
                <Table.Td ta="right" className="figure">
                  {count(line.calls)}
                </Table.Td>
                <Table.Td ta="right" className="figure">
                  {count(line.refused)} ({Math.round((line.refused / line.calls) * 100)} %)
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

function Figure({ outcome, calls, label }: { outcome: Outcome; calls: number; label: string }) {
  const share = Math.round((outcome.refused / calls) * 1000) / 10;
  return (
    <div>
      <Group gap={8}>
        <Text fz={24} fw={680} className="figure">
          {plural(outcome.refused, "call")}
        </Text>
        <Badge color={outcome.refused === 0 ? "teal.9" : "red.9"} tt="none">
          {share} %
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}
