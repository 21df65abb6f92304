"use client";

import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { ManagedNote } from "../../../_ui/data/managed";
import { Failed, PageHead } from "../../../_ui/shell/page-head";
import { KEPT_TIERS, type TierDraft } from "./tier-draft";
import { TierForm } from "./tier-form";
import { tierPath } from "./tier-publishing";

/** Loads one tier for the form. The form restarts with each version and each loaded draft. */
export function TierEditor({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const [draft, setDraft] = useState<{ serial: number; content: TierDraft | null }>({ serial: 0, content: null });
  const tier = useQuery({
    queryKey: ["tiers", slug],
    queryFn: () => api<TierView>(tierPath(slug)),
    refetchOnWindowFocus: false,
  });
  if (tier.error !== null) {
    return (
      <Stack gap="md">
        <PageHead title={`Tier ${slug}`} above={[{ label: "Tiers", href: "/tiers" }]} />
        <Failed
          what="The tier could not be loaded"
          error={tier.error}
          otherwise={{ label: "All tiers", href: "/tiers" }}
        />
      </Stack>
    );
  }
  if (tier.data === undefined) return <Skeleton h={400} radius="md" />;
  const start = (content: TierDraft | null) => {
    if (content === null) KEPT_TIERS.drop(slug);
    setDraft({ serial: draft.serial + 1, content });
  };
  return (
    <Stack gap="md" maw={1240}>
      <ManagedNote kind="tier" name={slug} />
      <TierForm
        key={`${tier.data.version}/${draft.serial}`}
        tier={tier.data}
        draft={draft.content}
        canEdit={canEdit}
        onStart={start}
      />
    </Stack>
  );
}
