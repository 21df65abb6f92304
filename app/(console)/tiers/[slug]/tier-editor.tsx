"use client";

import { Alert, Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useEffect, useState } from "react";
import { mergeLimits } from "@/lib/console/tiers/merge-tier.shared";
import { besideNow, type DraftLimit, putInForce } from "@/lib/console/tiers/observed-draft.shared";
import type { TierVersion } from "@/lib/console/tiers/tier-versions";
import type { TierView } from "@/lib/console/tiers/tiers";
import { ApiProblem, api } from "../../../_ui/data/api";
import { plural } from "../../../_ui/figures/format";
import { Failed } from "../../../_ui/shell/page-head";
import { Propagation } from "../../../_ui/shell/propagation";
import { LadderForm } from "./ladder-form";
import { LimitForm } from "./limit-form";
import { NEW_LIMIT } from "./new-limit";
import { Observed } from "./observed";
import { type Predicted, Review } from "./review";
import { Versions } from "./versions";

type Row = DraftLimit & { readonly row: string };
/** What the form starts with instead of the current version: a restored version, or two merged edits. */
type Draft = {
  readonly limits: readonly DraftLimit[];
  readonly ladder: TierView["ladder"];
  readonly comment: string;
  readonly notice: string;
};

/** Loads one tier, then hands it to the form. The form starts again with each version and each loaded draft. */
export function TierEditor({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const [draft, setDraft] = useState<{ serial: number; content: Draft | null }>({ serial: 0, content: null });
  const tier = useQuery({
    queryKey: ["tiers", slug],
    queryFn: () => api<TierView>(`tiers/${encodeURIComponent(slug)}`),
    refetchOnWindowFocus: false,
  });
  if (tier.error !== null) {
    return <Failed what="The tier could not be loaded" error={tier.error} />;
  }
  if (tier.data === undefined) return <Skeleton h={400} radius="md" />;
  const start = (content: Draft | null) => setDraft({ serial: draft.serial + 1, content });
  return (
    <TierForm
      key={`${tier.data.version}/${draft.serial}`}
      tier={tier.data}
      draft={draft.content}
      canEdit={canEdit}
      onStart={start}
    />
  );
}

function TierForm({
  tier,
  draft,
  canEdit,
  onStart,
}: {
  tier: TierView;
  draft: Draft | null;
  canEdit: boolean;
  onStart: (draft: Draft | null) => void;
}) {
  const queries = useQueryClient();
  const [limits, setLimits] = useState<readonly Row[]>(rowsOf(draft?.limits ?? tier.limits));
  const [comment, setComment] = useState(draft?.comment ?? "");
  const [ladder, setLadder] = useState(draft?.ladder ?? tier.ladder);
  const plain = limits.map(({ row: _row, ...limit }) => limit);
  const isChanged =
    JSON.stringify(ladder) !== JSON.stringify(tier.ladder) || JSON.stringify(plain) !== JSON.stringify(tier.limits);
  const body = (predicted: Predicted | null) => ({
    ...{ slug: tier.slug, version: tier.version, limits: plain, ladder },
    ...(comment === "" ? {} : { comment }),
    ...(predicted === null ? {} : { predicted }),
  });
  const path = `tiers/${encodeURIComponent(tier.slug)}`;
  const publish = useMutation({
    mutationFn: (how: Predicted | "watched" | null) =>
      api<TierView>(path, {
        method: "PUT",
        body:
          how === "watched" ? { ...body(null), limits: besideNow(tier.limits, plain), ladder: tier.ladder } : body(how),
      }),
    onSuccess: async (published) => {
      onStart(null);
      queries.setQueryData(["tiers", tier.slug], published);
      await queries.invalidateQueries({ queryKey: ["tiers"] });
      await queries.invalidateQueries({ queryKey: ["instances"] });
      notifications.show({
        color: "teal",
        title: `Version ${published.version} is in force`,
        message: <Propagation />,
      });
    },
  });
  const schedule = useMutation({
    mutationFn: (publishAt: string) =>
      api(`${path}/schedules`, { method: "POST", body: { publishAt, draft: body(null) } }),
    onSuccess: async () => {
      onStart(null);
      await queries.invalidateQueries({ queryKey: ["tiers", tier.slug] });
      notifications.show({ color: "teal", title: "Scheduled", message: "It is listed below until then." });
    },
  });
  const [isReviewed, setIsReviewed] = useState(false);
  const [newest, setNewest] = useState(tier.version);
  const isBehind = newest > tier.version && !publish.isPending;
  // Without changes of the operator's own, the newer version replaces the form.
  useEffect(() => {
    if (isBehind && !isChanged) void queries.invalidateQueries({ queryKey: ["tiers", tier.slug] });
  }, [isBehind, isChanged, queries, tier.slug]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate(null);
  };
  const put = (row: string, limit: DraftLimit) =>
    setLimits(limits.map((one) => (one.row === row ? { ...limit, row } : one)));
  const goBack = (version: TierVersion) =>
    onStart({
      limits: version.limits.map(({ id: _id, ...limit }) => knownAs(tier, limit)),
      ladder: version.ladder ?? tier.ladder,
      comment: `Restore version ${version.version}`,
      notice: `Version ${version.version} is loaded as a draft. Review it, then publish: counters keep what was used.`,
    });
  const mergeInto = (theirs: TierView) => {
    const { limits: merged, conflicts } = mergeLimits<DraftLimit>(tier.limits, plain, theirs.limits);
    const said =
      conflicts.length === 0 ? "There were no conflicts." : `The newer version was kept for ${conflicts.join(", ")}.`;
    queries.setQueryData(["tiers", tier.slug], theirs);
    const isLadderMine = JSON.stringify(ladder) !== JSON.stringify(tier.ladder);
    onStart({
      limits: merged,
      ladder: isLadderMine ? ladder : theirs.ladder,
      comment,
      notice: `Your changes are merged into version ${theirs.version}. ${said} Review them, then publish.`,
    });
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={1100}>
        <div>
          <Anchor component={Link} href="/tiers" size="sm">
            ← Tiers
          </Anchor>
          <Group gap="sm">
            <Title order={1} fz="h2">
              {tier.name}
            </Title>
            <Badge variant="light" tt="none">
              version {tier.version}
            </Badge>
          </Group>
          <Text c="dimmed" size="sm">
            {plural(tier.tenants, "tenant")} · limits are checked together, and one that refuses spends nothing of the
            others
          </Text>
        </div>
        {draft !== null && (
          <Alert color="blue" title="A draft" role="status" withCloseButton={false}>
            <Stack align="flex-start" gap="xs">
              {draft.notice}
              <Button size="xs" variant="default" onClick={() => onStart(null)}>
                Drop the draft
              </Button>
            </Stack>
          </Alert>
        )}
        <Observed tier={tier} {...(canEdit && !isChanged ? { onPutInForce: () => onStart(watchedDraft(tier)) } : {})} />
        <fieldset disabled={!canEdit} style={{ border: 0, padding: 0, margin: 0 }}>
          <Stack gap="sm">
            {limits.map((limit) => (
              <LimitForm
                key={limit.row}
                owner="tier"
                limit={limit}
                isOld={tier.limits.some((one) => one.name === limit.name && limit.id !== undefined)}
                onChange={(next) => put(limit.row, next)}
                onRemove={() => setLimits(limits.filter((one) => one.row !== limit.row))}
              />
            ))}
            {limits.length === 0 && (
              <Paper withBorder p="lg">
                <Text>No limits: every call of this tier is admitted. Add one below.</Text>
              </Paper>
            )}
            <Button
              variant="default"
              leftSection={<IconPlus size={16} />}
              style={{ alignSelf: "flex-start" }}
              onClick={() => setLimits([...limits, { ...NEW_LIMIT, row: `new-${limits.length}-${Date.now()}` }])}
            >
              Add a limit
            </Button>
            <LadderForm ladder={ladder} onChange={setLadder} />
          </Stack>
        </fieldset>
        {isBehind && isChanged && publish.error === null && (
          <Fault
            error={
              new ApiProblem(
                409,
                "conflict",
                `Version ${newest} has been published. Your draft is based on version ${tier.version}.`,
              )
            }
            reload={() => queries.invalidateQueries({ queryKey: ["tiers", tier.slug] })}
            merge={async () => mergeInto(await api<TierView>(path))}
          />
        )}
        {isReviewed && (
          <Review
            tier={tier}
            limits={plain}
            onPublish={(predicted) => publish.mutate(predicted, { onSettled: () => setIsReviewed(false) })}
            onWatch={() => publish.mutate("watched", { onSettled: () => setIsReviewed(false) })}
            onSchedule={(at) => schedule.mutate(at, { onSettled: () => setIsReviewed(false) })}
            isPublishing={publish.isPending || schedule.isPending}
            onClose={() => setIsReviewed(false)}
          />
        )}
        {publish.error !== null && (
          <Fault
            error={publish.error}
            reload={() => queries.invalidateQueries({ queryKey: ["tiers", tier.slug] })}
            merge={async () => mergeInto(await api<TierView>(path))}
          />
        )}
        {schedule.error !== null && (
          <Alert color="red" title="Not scheduled" role="alert">
            {schedule.error.message}
          </Alert>
        )}
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
            <Button variant="default" onClick={() => setIsReviewed(true)} disabled={!isChanged}>
              Review…
            </Button>
            <Button type="submit" loading={publish.isPending} disabled={!isChanged}>
              Publish
            </Button>
          </Group>
        ) : (
          <Text c="dimmed" size="sm">
            Your role can view this. Only an admin can edit it.
          </Text>
        )}
        <Versions slug={tier.slug} current={tier.version} canEdit={canEdit} onLoad={goBack} onNewest={setNewest} />
      </Stack>
    </form>
  );
}

function Fault({ error, reload, merge }: { error: Error; reload: () => void; merge: () => Promise<void> }) {
  const isConflict = error instanceof ApiProblem && error.code === "conflict";
  return (
    <Alert color="red" title={isConflict ? "Another operator has published meanwhile" : "Not published"} role="alert">
      <Stack align="flex-start" gap="sm">
        {error.message}
        {isConflict && (
          <Group gap="xs">
            <Button size="xs" onClick={() => void merge()}>
              Merge my changes into the newer version
            </Button>
            <Button size="xs" variant="default" onClick={reload}>
              Load the newer version (discards yours)
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

function rowsOf(limits: readonly DraftLimit[]): Row[] {
  return limits.map((limit) => ({ ...limit, row: limit.id ?? `draft-${limit.name}` }));
}

function watchedDraft(tier: TierView): Draft {
  return {
    ...{ limits: putInForce(tier.limits), ladder: tier.ladder, comment: "Enforce what was watched" },
    notice: "The watched limits replace the current ones in this draft. Review them, then publish.",
  };
}

/** A limit of an earlier version under the id that it has now, so that it is an edit of it and not another one. */
function knownAs(tier: TierView, limit: DraftLimit): DraftLimit {
  const now = tier.limits.find((one) => one.name === limit.name);
  return now === undefined ? limit : { id: now.id, ...limit };
}
