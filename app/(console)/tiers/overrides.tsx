"use client";

import { Anchor, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import type { ListedOverride, OverrideView } from "@/lib/console/limits/overrides";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { amount, count, MICRO_USD } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { FormDialog } from "../../_ui/forms/dialog";
import { ReasonInput } from "../../_ui/forms/inputs";
import { useRemoveOverride } from "../../_ui/limits/remove-override";
import { Failed } from "../../_ui/shell/page-head";
import { Term } from "../../_ui/words/term";

const REASON_CHARS_MIN = 8;
const DURATIONS = [
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "24 hours" },
  { value: "604800", label: "7 days" },
  { value: "", label: "until it is removed" },
];

/** All overrides in force: for one tenant, for a pattern of tenants, or for one key. */
export function Overrides({ tiers, canEdit }: { tiers: readonly TierView[]; canEdit: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const seen = useQuery({ queryKey: ["overrides"], queryFn: () => api<{ overrides: ListedOverride[] }>("overrides") });
  const dimensionOf = (name: string) =>
    tiers.flatMap((tier) => tier.limits).find((limit) => limit.name === name)?.dimension ?? null;
  if (seen.data === undefined) return <Failed what="The overrides could not be loaded" error={seen.error} />;
  return (
    <>
      <Listing
        title="Overrides"
        heading={<Term of="override">Overrides</Term>}
        note="replace the tier's capacity; an exact tenant beats a pattern, and the newer of two equal overrides wins"
        head={["For", "Limit", "Capacity", "Why", "By", "Ends", "Action"]}
        texts={[1, 3, 4, 5]}
        empty="No overrides. Every tenant has its tier's limits."
        aside={
          canEdit && (
            <Button variant="default" size="sm" leftSection={<IconPlus size={16} />} onClick={() => setIsOpen(true)}>
              New override
            </Button>
          )
        }
        rows={seen.data.overrides.map((one) => {
          const dimension = one.dimension ?? dimensionOf(one.limit);
          return {
            id: one.id,
            cells: [
              <Whose key="for" override={one} />,
              <Line key="limit">{one.limit}</Line>,
              one.capacity === null
                ? "not applied"
                : dimension === null
                  ? count(one.capacity)
                  : amount(dimension, one.capacity),
              one.reason,
              <Line key="by">{one.createdBy}</Line>,
              one.expiresAt === null ? (
                "never"
              ) : (
                <Line key="ends">
                  <Moment at={one.expiresAt} form="short" />
                </Line>
              ),
              canEdit ? <Remove key="remove" override={one} /> : "–",
            ],
          };
        })}
      />
      {isOpen && <NewOverride tiers={tiers} onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** The tenant by its name, or the pattern of slugs as it was entered. */
function Whose({ override: { tenant, tenantName, keyFamily } }: { override: ListedOverride }) {
  if (tenantName === null) return <>{keyFamily === null ? `slugs ${tenant}` : `one key of ${tenant}`}</>;
  return (
    <Line>
      {keyFamily !== null && "one key of "}
      <Anchor component={Link} href={`/tenants/${tenant}`} size="sm">
        {tenantName}
      </Anchor>
    </Line>
  );
}

function Line({ children }: { children: ReactNode }) {
  return <span style={{ whiteSpace: "nowrap" }}>{children}</span>;
}

function Remove({ override }: { override: OverrideView }) {
  const remove = useRemoveOverride();
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={remove.isPending}
      onClick={() => remove.mutate(override)}
      aria-label={`Remove the override of ${override.limit} for ${override.tenant}`}
    >
      Remove
    </Button>
  );
}

function NewOverride({ tiers, onClose }: { tiers: readonly TierView[]; onClose: () => void }) {
  const limits = [...new Map(tiers.flatMap((tier) => tier.limits).map((limit) => [limit.name, limit])).values()];
  const [tenant, setTenant] = useState("");
  const [name, setName] = useState(limits[0]?.name ?? "");
  const [capacity, setCapacity] = useState<number | null>(null);
  const [seconds, setSeconds] = useState("86400");
  const [reason, setReason] = useState("");
  const limit = limits.find((one) => one.name === name);
  const scale = limit?.dimension === "cost_micro_usd" ? MICRO_USD : 1;
  const body = {
    tenant: tenant.trim(),
    limit: name,
    reason: reason.trim(),
    capacity: Math.round((capacity ?? 0) * scale),
    expiresInSeconds: seconds === "" ? null : Number(seconds),
  };
  return (
    <FormDialog
      title="New override"
      label="Set override"
      done={`${name} is changed for the next call.`}
      isReady={tenant.trim() !== "" && capacity !== null && reason.trim().length >= REASON_CHARS_MIN}
      submit={() => api("overrides", { method: "POST", body })}
      onClose={onClose}
    >
      <TextInput
        label="For"
        description="a tenant's slug, or a pattern such as acme-*"
        value={tenant}
        onChange={(event) => setTenant(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Select
        label="Limit"
        data={limits.map((one) => one.name)}
        value={name}
        allowDeselect={false}
        onChange={(value) => setName(value ?? "")}
      />
      <NumberInput
        label="Capacity"
        description={scale === 1 ? (limit?.dimension.replaceAll("_", " ") ?? "") : "US dollars"}
        value={capacity ?? ""}
        min={0}
        thousandSeparator=","
        required
        onChange={(value) => setCapacity(value === "" ? null : Number(value))}
      />
      <Select
        label="Duration"
        data={DURATIONS}
        value={seconds}
        allowDeselect={false}
        onChange={(value) => setSeconds(value ?? "86400")}
      />
      <ReasonInput value={reason} onChange={setReason} />
    </FormDialog>
  );
}
