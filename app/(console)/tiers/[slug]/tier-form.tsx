import { Alert, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type FormEvent, useEffect, useState } from "react";
import type { TierView } from "@/lib/console/tiers/tiers";
import { ApiProblem, api } from "../../../_ui/data/api";
import { plural } from "../../../_ui/figures/format";
import { Crumbs } from "../../../_ui/shell/crumbs";
import { KeyLifeForm } from "../key-life-form";
import { type LimitRow, LimitTable, limitFaults, limitsOf, rowsOf } from "../limits/limit-table";
import { LadderForm } from "./ladder-form";
import { PublishLine } from "./publish-line";
import {
  changesFrom,
  KEPT_TIERS,
  keptDraft,
  mergedDraft,
  restoredDraft,
  type TierDraft,
  watchedDraft,
} from "./tier-draft";
import { type PublishMode, tierPath, useTierPublishing } from "./tier-publishing";
import { Versions } from "./versions";

// Loaded when they are needed.
const Observed = dynamic(() => import("./observed").then((part) => part.Observed), { ssr: false });
const PublishFault = dynamic(() => import("./publish-fault").then((part) => part.PublishFault), { ssr: false });
const Review = dynamic(() => import("./review").then((part) => part.Review), { ssr: false });

type FormOf = {
  readonly tier: TierView;
  readonly draft: TierDraft | null;
  readonly canEdit: boolean;
  readonly onStart: (draft: TierDraft | null) => void;
};

/** One tier's limits and ladder: edit, review, publish or schedule. It restarts with each draft and version. */
export function TierForm({ tier, draft: given, canEdit, onStart }: FormOf) {
  const queries = useQueryClient();
  const [draft] = useState(() => given ?? (canEdit ? keptDraft(tier) : null));
  const [rows, setRows] = useState<readonly LimitRow[]>(rowsOf(draft?.limits ?? tier.limits));
  const [comment, setComment] = useState(draft?.comment ?? "");
  const [ladder, setLadder] = useState(draft?.ladder ?? tier.ladder);
  const [keyDaysMax, setKeyDaysMax] = useState(draft === null ? tier.keyDaysMax : draft.keyDaysMax);
  const [isReviewed, setIsReviewed] = useState(false);
  const edit = { limits: limitsOf(rows), ladder, keyDaysMax, comment };
  const changes = changesFrom(tier, edit);
  const isChanged = changes > 0;
  const watched = canEdit && !isChanged ? { onPutInForce: () => onStart(watchedDraft(tier)) } : {};
  KEPT_TIERS.useKeep(tier.slug, canEdit && isChanged ? { tier, edit } : null);
  const { publish, schedule } = useTierPublishing(tier, edit, () => onStart(null));
  const reload = () => {
    onStart(null);
    return queries.invalidateQueries({ queryKey: ["tiers", tier.slug] });
  };
  const merge = async () => {
    const newer = await api<TierView>(tierPath(tier.slug));
    queries.setQueryData(["tiers", tier.slug], newer);
    onStart(mergedDraft(tier, edit, newer));
  };
  const { newest, setNewest } = useNewest({ tier, isChanged, isPublishing: publish.isPending });
  const error = publish.error ?? (newest !== null && isChanged ? superseded(tier.version, newest) : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate(null);
  };
  const closing = { onSettled: () => setIsReviewed(false) };
  const publishAs = (how: PublishMode) => publish.mutate(how, closing);
  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={1240}>
        <Head tier={tier} />
        {draft !== null && <DraftNotice notice={draft.notice} onDrop={() => onStart(null)} />}
        {tier.limits.some(({ observe }) => observe) && <Observed tier={tier} {...watched} />}
        <LimitTable
          owner="tier"
          rows={rows}
          published={tier.limits}
          canEdit={canEdit}
          historyOf={tier}
          empty="No limits: every call of this tier is admitted. Add one."
          onChange={setRows}
        />
        <fieldset disabled={!canEdit} style={{ border: 0, padding: 0, margin: 0 }}>
          <Stack gap="sm">
            <LadderForm ladder={ladder} onChange={setLadder} />
            <KeyLifeForm days={keyDaysMax} onChange={setKeyDaysMax} />
          </Stack>
        </fieldset>
        {isReviewed && (
          <Review
            tier={tier}
            limits={edit.limits}
            onPublish={publishAs}
            onWatch={() => publishAs("watched")}
            onSchedule={(at) => schedule.mutate(at, closing)}
            isPublishing={publish.isPending || schedule.isPending}
            onClose={() => setIsReviewed(false)}
          />
        )}
        {error !== null && <PublishFault error={error} reload={reload} merge={merge} />}
        {schedule.error !== null && (
          <Alert color="red" title="Not scheduled" role="alert">
            {schedule.error.message}
          </Alert>
        )}
        <PublishLine
          {...{ canEdit, comment, changes, faults: limitFaults(rows), isPublishing: publish.isPending }}
          onComment={setComment}
          onUndo={() => onStart(null)}
          onReview={() => setIsReviewed(true)}
        />
        <Versions
          slug={tier.slug}
          current={tier.version}
          canEdit={canEdit}
          onLoad={(version) => onStart(restoredDraft(tier, version))}
          onNewest={setNewest}
        />
      </Stack>
    </form>
  );
}

function Head({ tier }: { tier: TierView }) {
  return (
    <div>
      <Crumbs above={[{ label: "Tiers", href: "/tiers" }]} />
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
  );
}

function DraftNotice({ notice, onDrop }: { notice: string; onDrop: () => void }) {
  return (
    <Alert color="blue" title="A draft" role="status" withCloseButton={false}>
      <Stack align="flex-start" gap="xs">
        {notice}
        <Button size="xs" variant="default" onClick={onDrop}>
          Drop the draft
        </Button>
      </Stack>
    </Alert>
  );
}

type NewestOf = { readonly tier: TierView; readonly isChanged: boolean; readonly isPublishing: boolean };

/** A version that another operator published meanwhile. Without the operator's own changes it replaces the form. */
function useNewest({ tier, isChanged, isPublishing }: NewestOf) {
  const queries = useQueryClient();
  const [newest, setNewest] = useState(tier.version);
  const isBehind = newest > tier.version && !isPublishing;
  useEffect(() => {
    if (isBehind && !isChanged) void queries.invalidateQueries({ queryKey: ["tiers", tier.slug] });
  }, [isBehind, isChanged, queries, tier.slug]);
  return { newest: isBehind ? newest : null, setNewest };
}

function superseded(version: number, newest: number): ApiProblem {
  const message = `Version ${newest} has been published. Your draft is based on version ${version}.`;
  return new ApiProblem(409, "conflict", message);
}
