import { Alert, Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type FormEvent, useEffect, useState } from "react";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { ApiProblem, api } from "../../../_ui/data/api";
import { plural } from "../../../_ui/figures/format";
import { Crumbs } from "../../../_ui/shell/crumbs";
import { KeyLifeForm } from "../key-life-form";
import { LadderForm } from "./ladder-form";
import { LimitList, type LimitRow, limitsOf } from "./limit-list";
import { Observed } from "./observed";
import { PublishFault } from "./publish-fault";
import { PublishLine } from "./publish-line";
import { Review } from "./review";
import {
  isChangedFrom,
  KEPT_TIERS,
  keptDraft,
  mergedDraft,
  restoredDraft,
  type TierDraft,
  watchedDraft,
} from "./tier-draft";
import { type PublishMode, tierPath, useTierPublishing } from "./tier-publishing";
import { Versions } from "./versions";

// Loaded when it is opened.
const LimitHistory = dynamic(() => import("../limit-history").then((part) => part.LimitHistory), { ssr: false });

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
  const isChanged = isChangedFrom(tier, edit);
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
      <Stack gap="md" maw={1100}>
        <Head tier={tier} />
        {draft !== null && <DraftNotice notice={draft.notice} onDrop={() => onStart(null)} />}
        <Observed tier={tier} {...(canEdit && !isChanged ? { onPutInForce: () => onStart(watchedDraft(tier)) } : {})} />
        <fieldset disabled={!canEdit} style={{ border: 0, padding: 0, margin: 0 }}>
          <Stack gap="sm">
            <LimitList
              owner="tier"
              rows={rows}
              published={tier.limits}
              below={({ name }) => <History slug={tier.slug} version={tier.version} name={name} />}
              isOld={({ name, id }) => id !== undefined && tier.limits.some((one) => one.name === name)}
              empty="No limits: every call of this tier is admitted. Add one below."
              onChange={setRows}
            />
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
          {...{ canEdit, comment, isChanged, isPublishing: publish.isPending }}
          onComment={setComment}
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

/** Not a button: those of a form that may not be edited are disabled. */
function History(of: { slug: string; version: number; name: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details style={{ marginTop: 12 }} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
        History of {of.name}
      </Text>
      {isOpen && <LimitHistory {...of} />}
    </details>
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

function rowsOf(limits: readonly DraftLimit[]): LimitRow[] {
  return limits.map((limit) => ({ ...limit, row: limit.id ?? `draft-${limit.name}` }));
}
