import { Checkbox, Group, NumberInput, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { KEY_ENVIRONMENTS } from "@/lib/console/keys/key-environment.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { MICRO_USD } from "../../_ui/figures/format";

/** A new key's allowed addresses, lifetime, and budget. */
export type KeyTerms = {
  readonly environment: string;
  /** null = its tier's value; empty = it never expires */
  readonly days: string | null;
  /** empty = no schedule */
  readonly rotateDays: string;
  readonly holderMayRotate: boolean;
  /** US dollars per month; null = no budget of its own */
  readonly budget: number | null;
};
export const USUAL_TERMS: KeyTerms = {
  environment: "production",
  days: null,
  rotateDays: "",
  holderMayRotate: false,
  budget: null,
};

const DAYS = [7, 30, 90, 180, 365];

/** The choices that a tier allows, up to its maximum. `most` null = no maximum. */
export function expiryChoices(most: number | null): { value: string; label: string }[] {
  const days = most === null ? DAYS : [...DAYS.filter((one) => one < most), most];
  const choices = days.map((one) => ({ value: String(one), label: one === 365 ? "a year" : `${one} days` }));
  return most === null ? [...choices, { value: "", label: "never" }] : choices;
}

/** A key's default lifetime. */
export function usualDays(most: number | null): string {
  return String(Math.min(90, most ?? 90));
}

export function TermsFields({
  tenant,
  terms,
  onChange,
}: {
  tenant: string;
  terms: KeyTerms;
  onChange: (terms: KeyTerms) => void;
}) {
  const most = useDaysMax(tenant);
  const set = (change: Partial<KeyTerms>) => onChange({ ...terms, ...change });
  return (
    <>
      <Group grow align="flex-start">
        <Select
          label="Environment"
          description="where its calls come from"
          data={[...KEY_ENVIRONMENTS]}
          value={terms.environment}
          allowDeselect={false}
          onChange={(value) => set({ environment: value ?? "production" })}
        />
        <Select
          label="Expires after"
          description={most === undefined || most === null ? " " : `at most ${most} days in this tier`}
          data={expiryChoices(most === undefined ? 90 : most)}
          value={terms.days ?? usualDays(most === undefined ? 90 : most)}
          allowDeselect={false}
          onChange={(value) => set({ days: value })}
        />
      </Group>
      <RotationField days={terms.rotateDays} onChange={(value) => set({ rotateDays: value })} />
      <HolderField mayRotate={terms.holderMayRotate} onChange={(value) => set({ holderMayRotate: value })} />
      <NumberInput
        label="Budget of this key"
        description="US dollars per month; empty = no key budget"
        value={terms.budget ?? ""}
        min={0}
        decimalScale={2}
        thousandSeparator=","
        onChange={(value) => set({ budget: value === "" ? null : Number(value) })}
      />
    </>
  );
}

/** When operators and the holder are reminded to replace the key. */
export function RotationField({ days, onChange }: { days: string; onChange: (days: string) => void }) {
  const known = ROTATIONS.some((one) => one.value === days);
  return (
    <Select
      label="Rotate every"
      description="a reminder from 14 days before; nothing stops when it is late"
      data={known ? ROTATIONS : [...ROTATIONS, { value: days, label: `${days} days` }]}
      value={days}
      allowDeselect={false}
      onChange={(value) => onChange(value ?? "")}
    />
  );
}

/** Whether the holder may replace the key without an operator. */
export function HolderField({ mayRotate, onChange }: { mayRotate: boolean; onChange: (may: boolean) => void }) {
  return (
    <Checkbox
      label="Its holder may rotate it"
      description="at /me, with the key itself: the new key has the same rights and the same expiry; one rotation at a time"
      checked={mayRotate}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

const ROTATIONS = [{ value: "", label: "no schedule" }, ...[30, 60, 90, 180, 365].map(daysChoice)];

function daysChoice(days: number) {
  return { value: String(days), label: days === 365 ? "a year" : `${days} days` };
}

/** A schedule in the API's form. */
export function rotationOf(days: string): number | null {
  return days === "" ? null : Number(days);
}

/** The limits of the tenant's tier; undefined until known. */
function useDaysMax(tenant: string): number | null | undefined {
  const found = useQuery({
    queryKey: ["key-days", tenant],
    queryFn: async () => {
      const { tier } = await api<{ tier: string }>(`tenants/${encodeURIComponent(tenant)}`);
      return api<TierView>(`tiers/${encodeURIComponent(tier)}`);
    },
  });
  return found.data?.keyDaysMax;
}

/** The members of a new key for its terms. */
export function termsBody({ environment, days, rotateDays, holderMayRotate }: KeyTerms): object {
  return {
    environment,
    holderMayRotate,
    rotateEveryDays: rotationOf(rotateDays),
    ...(days === null ? {} : { expiresInDays: days === "" ? null : Number(days) }),
  };
}

/** The new key's budget; null = none. */
export function budgetBody(tenant: string, key: { readonly id: string }, { budget }: KeyTerms): object | null {
  if (budget === null) return null;
  return {
    slug: `key-${key.id.toLowerCase()}`,
    level: "key",
    tenant,
    target: key.id,
    period: "month",
    amountMicroUsd: Math.round(budget * MICRO_USD),
  };
}
