"use client";

import { Alert, Button, Skeleton, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { EveryoneView } from "@/lib/console/limits/everyone";
import { api } from "../../_ui/data/api";
import { KeptEdits } from "../../_ui/data/kept-edits";
import { ManagedNote } from "../../_ui/data/managed";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { Propagation } from "../../_ui/shell/propagation";
import { PublishFault } from "../tiers/[slug]/publish-fault";
import { PublishLine } from "../tiers/[slug]/publish-line";
import { type LimitRow, LimitTable, limitChanges, limitFaults, limitsOf, rowsOf } from "../tiers/limits/limit-table";

/** The limits for all tenants together; the form restarts with each version. */
export function EveryoneEditor({ canEdit }: { canEdit: boolean }) {
  const [discarded, setDiscarded] = useState(0);
  const everyone = useQuery({
    queryKey: ["everyone"],
    queryFn: () => api<EveryoneView>("everyone"),
    refetchOnWindowFocus: false,
  });
  return (
    <Stack gap="md" maw={1240}>
      <PageHead
        title="Limits for everyone"
        about="These limits count calls of all tenants together: all calls, or per provider, model or client address. They apply in addition to tier limits."
      />
      <ManagedNote kind="everyone" name="everyone" />
      <Failed what="The limits could not be loaded" error={everyone.error} />
      {everyone.data === undefined && everyone.error === null && <Skeleton h={300} radius="md" />}
      {everyone.data !== undefined && (
        <EveryoneForm
          key={`${everyone.data.version}/${discarded}`}
          everyone={everyone.data}
          canEdit={canEdit}
          onDiscard={() => setDiscarded(discarded + 1)}
        />
      )}
    </Stack>
  );
}

type Edit = { readonly base: EveryoneView; readonly rows: readonly LimitRow[]; readonly comment: string };

/** The edit that was left unpublished in this tab. */
const KEPT = new KeptEdits<Edit>();
const NAME = "everyone";

type FormOf = { readonly everyone: EveryoneView; readonly canEdit: boolean; readonly onDiscard: () => void };

function EveryoneForm({ everyone: newest, canEdit, onDiscard }: FormOf) {
  const queries = useQueryClient();
  const [kept] = useState(() => (canEdit ? KEPT.of(NAME) : null));
  // Over its own version, so that publishing tells when another operator was first.
  const everyone = kept?.base ?? newest;
  const [rows, setRows] = useState<readonly LimitRow[]>(kept?.rows ?? rowsOf(everyone.limits));
  const [comment, setComment] = useState(kept?.comment ?? "");
  const limits = limitsOf(rows);
  const changes = limitChanges(everyone.limits, limits);
  const isChanged = changes > 0;
  const edit = useMemo(() => ({ base: everyone, rows, comment }), [everyone, rows, comment]);
  KEPT.useKeep(NAME, canEdit && isChanged ? edit : null);
  const publish = useMutation({
    mutationFn: () =>
      api<EveryoneView>("everyone", {
        method: "PUT",
        body: { version: everyone.version, limits, ...(comment === "" ? {} : { comment }) },
      }),
    onSuccess: async (published) => {
      KEPT.drop(NAME);
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
  const discard = () => {
    KEPT.drop(NAME);
    onDiscard();
    return queries.invalidateQueries({ queryKey: ["everyone"] });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {kept !== null && <KeptNotice onDiscard={() => void discard()} />}
        <LimitTable
          owner="everyone"
          rows={rows}
          published={everyone.limits}
          canEdit={canEdit}
          historyOf={null}
          empty="None. Only tier and key limits apply."
          onChange={setRows}
        />
        {publish.error !== null && <PublishFault error={publish.error} reload={discard} />}
        <PublishLine
          {...{ canEdit, comment, changes, isPublishing: publish.isPending }}
          faults={limitFaults(limits)}
          onComment={setComment}
          onUndo={() => void discard()}
        />
      </Stack>
    </form>
  );
}

function KeptNotice({ onDiscard }: { onDiscard: () => void }) {
  return (
    <Alert title="Your unpublished changes">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">They were kept when you left this page. Publish them, or discard them.</Text>
        <Button size="xs" variant="default" onClick={onDiscard}>
          Discard
        </Button>
      </Stack>
    </Alert>
  );
}
