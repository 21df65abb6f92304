"use client";

import { Select } from "@mantine/core";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";
import { NameAndSlug, useNamed } from "../../_ui/forms/name-and-slug";

/** A tier with the limits of another one, or with none; then opens its editor. */
export function NewTier({
  tiers,
  from,
  onClose,
  onMade,
}: {
  tiers: readonly TierView[];
  /** the copied tier; null = none */
  from: string | null;
  onClose: () => void;
  /** called instead of opening its editor */
  onMade?: (slug: string) => void;
}) {
  const router = useRouter();
  const named = useNamed();
  const { name, slug } = named;
  const [source, setSource] = useState(from);
  const copied = tiers.find((tier) => tier.slug === source);
  const limits = copied?.limits.map(({ id: _id, ...limit }) => limit) ?? [];
  const ladder = copied === undefined ? {} : { ladder: copied.ladder };
  return (
    <FormDialog
      title={copied === undefined ? "New tier" : `Copy of ${copied.name}`}
      label="Create"
      done={`${name} can be assigned to tenants.`}
      isReady={slug !== "" && name.trim() !== ""}
      submit={() => api("tiers", { method: "POST", body: { slug, name: name.trim(), limits, ...ladder } })}
      onDone={() => (onMade === undefined ? router.push(`/tiers/${slug}`) : onMade(slug))}
      onClose={onClose}
    >
      <NameAndSlug named={named} refer="tenants and brakes" />
      <Select
        label="Limits"
        data={[
          { value: "", label: "no limits" },
          ...tiers.map((tier) => ({ value: tier.slug, label: `copied from ${tier.name}` })),
        ]}
        value={source ?? ""}
        allowDeselect={false}
        onChange={(value) => setSource(value === "" ? null : value)}
      />
    </FormDialog>
  );
}
