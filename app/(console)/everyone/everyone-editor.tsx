"use client";

import { Alert, Button, Group, Paper, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { EveryoneView } from "@/lib/console/limits/everyone";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { ApiProblem, api } from "../../_ui/data/api";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { Propagation } from "../../_ui/shell/propagation";
import { LimitForm } from "../tiers/[slug]/limit-form";
import { NEW_LIMIT } from "../tiers/[slug]/new-limit";

type Row = DraftLimit & { readonly row: string };

/** The limits that hold for all tenants together; the form starts again with each version. */
export function EveryoneEditor({ canEdit }: { canEdit: boolean }) {
  const everyone = useQuery({
    queryKey: ["everyone"],
    queryFn: () => api<EveryoneView>("everyone"),
    refetchOnWindowFocus: false,
  });
  return (
    <Stack gap="md" maw={1100}>
      <PageHead
        title="Limits for everyone"
        about="These limits count over all tenants: for all calls, each provider, each model or each client address. They apply in addition to the limits of the tiers."
      />
      <Failed what="The limits could not be loaded" error={everyone.error} />
      {everyone.data === undefined && everyone.error === null && <Skeleton h={300} radius="md" />}
      {everyone.data !== undefined && (
        <EveryoneForm key={everyone.data.version} everyone={everyone.data} canEdit={canEdit} />
      )}
    </Stack>
  );
}

function EveryoneForm({ everyone, canEdit }: { everyone: EveryoneView; canEdit: boolean }) {
  const queries = useQueryClient();
  const [limits, setLimits] = useState<readonly Row[]>(everyone.limits.map((limit) => ({ ...limit, row: limit.id })));
  const [comment, setComment] = useState("");
  const plain = limits.map(({ row: _row, ...limit }) => limit);
  const isChanged = JSON.stringify(plain) !== JSON.stringify(everyone.limits);
  const publish = useMutation({
    mutationFn: () =>
      api<EveryoneView>("everyone", {
        method: "PUT",
        body: { version: everyone.version, limits: plain, ...(comment === "" ? {} : { comment }) },
      }),
    onSuccess: async (published) => {
      queries.setQueryData(["everyone"], published);
      await queries.invalidateQueries({ queryKey: ["instances"] });
      notifications.show({
        color: "teal",
        title: `Version ${published.version} is in force`,
        message: <Propagation />,
      });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <fieldset disabled={!canEdit} style={{ border: 0, padding: 0, margin: 0 }}>
          <Stack gap="sm">
            {limits.map((limit) => (
              <LimitForm
                key={limit.row}
                owner="everyone"
                limit={limit}
                isOld={everyone.limits.some((one) => one.id === limit.id)}
                onChange={(next) =>
                  setLimits(limits.map((one) => (one.row === limit.row ? { ...next, row: limit.row } : one)))
                }
                onRemove={() => setLimits(limits.filter((one) => one.row !== limit.row))}
              />
            ))}
            {limits.length === 0 && (
              <Paper withBorder p="lg">
                <Text>None. Only the limits of tiers and keys apply.</Text>
              </Paper>
            )}
            <Button
              variant="default"
              leftSection={<IconPlus size={16} />}
              style={{ alignSelf: "flex-start" }}
              onClick={() =>
                setLimits([...limits, { ...NEW_LIMIT, layer: "ip", row: `new-${limits.length}-${Date.now()}` }])
              }
            >
              Add a limit
            </Button>
          </Stack>
        </fieldset>
        <PublishFault error={publish.error} reload={() => queries.invalidateQueries({ queryKey: ["everyone"] })} />
        {canEdit ? (
          <Group align="flex-end">
            <TextInput
              label="Comment"
              placeholder="Reason for this change"
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
              flex={1}
              miw={220}
            />
            <Button type="submit" loading={publish.isPending} disabled={!isChanged}>
              Publish
            </Button>
          </Group>
        ) : (
          <Text c="dimmed" size="sm">
            Your role can view this. Only an admin can edit it.
          </Text>
        )}
      </Stack>
    </form>
  );
}

function PublishFault({ error, reload }: { error: Error | null; reload: () => void }) {
  if (error === null) return null;
  const isConflict = error instanceof ApiProblem && error.code === "conflict";
  return (
    <Alert color="red" title={isConflict ? "Another operator has published meanwhile" : "Not published"} role="alert">
      <Stack align="flex-start" gap="sm">
        {error.message}
        {isConflict && (
          <Button size="xs" variant="default" onClick={reload}>
            Load the newer version (discards yours)
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
