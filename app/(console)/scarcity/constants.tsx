"use client";

import { Button, Card, Group, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ScarcityReplay, ScarcityView } from "@/lib/console/scarcity/answers";
import { api } from "../../_ui/data/api";
import { KeptEdits } from "../../_ui/data/kept-edits";
import { count } from "../../_ui/figures/format";
import { Failed } from "../../_ui/shell/page-head";
import { GROUPS, type Settings } from "./fields";
import { Replayed } from "./replayed";

const PERCENT = 50;
/** The constants that were left unsaved in this tab. */
const KEPT = new KeptEdits<Settings>();
const NAME = "scarcity";

/** The constants of queue and shedding. Before they are saved, the last day is replayed with them. */
export function Constants({ view, canEdit }: { view: ScarcityView; canEdit: boolean }) {
  const [draft, setDraft] = useState<Settings>(() => KEPT.of(NAME) ?? view.settings);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(view.settings);
  KEPT.useKeep(NAME, isChanged ? draft : null);
  const [percent, setPercent] = useState(PERCENT);
  const replay = useMutation({
    mutationFn: (settings: Settings) =>
      api<ScarcityReplay>("scarcity/replay", { method: "POST", body: { settings, percent } }),
  });
  const isReplayed = replay.data !== undefined && replay.variables === draft;
  return (
    <Card component="section" aria-label="Constants">
      <Stack gap="md">
        <Title order={2} fz="md">
          Constants
        </Title>
        <Switch
          label="Shed calls under pressure"
          checked={draft.shed.isOn}
          disabled={!canEdit}
          onChange={(event) => setDraft({ ...draft, shed: { ...draft.shed, isOn: event.currentTarget.checked } })}
        />
        {GROUPS.map(({ title, about, fields }) => (
          <Stack key={title} gap={4} component="section" aria-label={title}>
            <Title order={3} fz="sm">
              {title}
            </Title>
            <Text size="xs" c="dimmed">
              {about}
            </Text>
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} style={{ alignItems: "end" }}>
              {fields.map(({ label, min, get, set }) => (
                <NumberInput
                  key={label}
                  {...{ label, min }}
                  description={`default ${count(get(view.defaults))}`}
                  thousandSeparator=","
                  value={get(draft)}
                  disabled={!canEdit}
                  onChange={(value) => typeof value === "number" && setDraft(set(draft, value))}
                />
              ))}
            </SimpleGrid>
          </Stack>
        ))}
        <Group align="flex-end">
          <NumberInput
            label="Capacity in the replay, % of the busiest minute's cost"
            min={1}
            max={1000}
            value={percent}
            onChange={(value) => typeof value === "number" && setPercent(value)}
          />
          <Button variant="default" loading={replay.isPending} onClick={() => replay.mutate(draft)}>
            Replay the last day
          </Button>
          <Button variant="subtle" onClick={() => setDraft(view.defaults)} disabled={!canEdit}>
            Defaults
          </Button>
          {isChanged && (
            <Button variant="subtle" onClick={() => setDraft(view.settings)}>
              Discard my changes
            </Button>
          )}
        </Group>
        <Failed what="Not replayed" error={replay.error} />
        {replay.data !== undefined && <Replayed replay={replay.data} isOfDraft={isReplayed} />}
        {canEdit && <Save draft={draft} isReplayed={isReplayed} />}
      </Stack>
    </Card>
  );
}

function Save({ draft, isReplayed }: { draft: Settings; isReplayed: boolean }) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const save = useMutation({
    mutationFn: () => api("scarcity", { method: "PUT", body: { settings: draft, reason } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["scarcity"] }),
  });
  return (
    <Stack gap="xs">
      <Group align="flex-end">
        <TextInput
          label="Reason"
          flex={1}
          maw={480}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Button loading={save.isPending} disabled={!isReplayed || reason.trim() === ""} onClick={() => save.mutate()}>
          Save
        </Button>
      </Group>
      <Text size="xs" c="dimmed" role="status">
        {save.isSuccess
          ? "Saved. In force for the next call that waits."
          : "Replay these constants and give a reason before you save them."}
      </Text>
      <Failed what="Not saved" error={save.error} />
    </Stack>
  );
}
