"use client";

import { Skeleton, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { EveryoneView } from "@/lib/console/limits/everyone";
import { api } from "../../_ui/data/api";
import { ManagedNote } from "../../_ui/data/managed";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { Propagation } from "../../_ui/shell/propagation";
import { LimitList, type LimitRow, limitsOf } from "../tiers/[slug]/limit-list";
import { PublishFault } from "../tiers/[slug]/publish-fault";
import { PublishLine } from "../tiers/[slug]/publish-line";

/** The limits for all tenants together; the form restarts with each version. */
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
        about="These limits count calls of all tenants together: all calls, or per provider, model or client address. They apply in addition to tier limits."
      />
      <ManagedNote kind="everyone" name="everyone" />
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
  const [rows, setRows] = useState<readonly LimitRow[]>(everyone.limits.map((limit) => ({ ...limit, row: limit.id })));
  const [comment, setComment] = useState("");
  const limits = limitsOf(rows);
  const isChanged = JSON.stringify(limits) !== JSON.stringify(everyone.limits);
  const publish = useMutation({
    mutationFn: () =>
      api<EveryoneView>("everyone", {
        method: "PUT",
        body: { version: everyone.version, limits, ...(comment === "" ? {} : { comment }) },
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
            <LimitList
              owner="everyone"
              rows={rows}
              isOld={({ id }) => everyone.limits.some((one) => one.id === id)}
              empty="None. Only tier and key limits apply."
              onChange={setRows}
            />
          </Stack>
        </fieldset>
        {publish.error !== null && (
          <PublishFault error={publish.error} reload={() => queries.invalidateQueries({ queryKey: ["everyone"] })} />
        )}
        <PublishLine {...{ canEdit, comment, isChanged, isPublishing: publish.isPending }} onComment={setComment} />
      </Stack>
    </form>
  );
}
