"use client";

import { Anchor, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LIMIT_CHOICES } from "@/lib/console/limits/limit-choices.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../_ui/data/api";
import { useIsOfAll } from "../_ui/data/live";
import { PRIORITY_WORDS } from "../_ui/figures/format";
import { TenantSelect } from "../_ui/forms/tenant-select";

/** A brake's main scope; all other fields narrow it. */
export const MAIN_SCOPES = ["everything", "tenant", "model", "key", "provider"] as const;
export type ScopeKind = (typeof MAIN_SCOPES)[number];
/** What operators of some tenants may stop. */
export const OWN_SCOPES = ["tenant", "key"] as const satisfies readonly ScopeKind[];
export type Scope = Readonly<Record<string, string>>;

type Catalog = {
  readonly models: readonly { readonly slug: string }[];
  readonly providers: readonly Named[];
};
type Named = { readonly slug: string; readonly name: string };

/** The name of the one object to stop. */
export function ScopeName({ scope, name, onName }: { scope: ScopeKind; name: string; onName: (name: string) => void }) {
  const catalog = useCatalog(scope === "model" || scope === "provider");
  if (scope === "everything") return null;
  if (scope === "key") {
    return (
      <TextInput
        label="Public id of the key"
        description="The 12 characters after sw_live_ or sw_test_; the secret is not needed."
        value={name}
        onChange={(event) => onName(event.currentTarget.value.trim())}
      />
    );
  }
  const chosen = { value: name === "" ? null : name, onChange: (value: string | null) => onName(value ?? "") };
  if (scope === "tenant") return <TenantSelect label="Tenant" {...chosen} />;
  const { models = [], providers = [] } = catalog.data ?? {};
  const [label, data] = scope === "model" ? ["Model", models.map(({ slug }) => slug)] : ["Provider", named(providers)];
  return <Select label={label} data={data} {...chosen} searchable />;
}

/** Further conditions: a call must match all of them to be stopped. */
export function Narrowing({
  scope,
  narrowed,
  onChange,
}: {
  scope: ScopeKind;
  narrowed: Scope;
  onChange: (narrowed: Scope) => void;
}) {
  const [isOpen, setOpen] = useState(Object.keys(narrowed).length > 0);
  // Operators of some tenants may read neither list.
  const isOfAll = useIsOfAll();
  const catalog = useCatalog(isOpen && isOfAll);
  const tiers = useQuery({
    queryKey: ["tiers"],
    queryFn: () => api<{ tiers: TierView[] }>("tiers"),
    enabled: isOpen && isOfAll,
  });
  if (!isOpen) {
    return (
      <Anchor
        component="button"
        type="button"
        size="sm"
        onClick={() => setOpen(true)}
        style={{ alignSelf: "flex-start" }}
        ta="left"
      >
        Narrow by user, session, agent, tag, {isOfAll && "provider, tier, "}endpoint or priority
      </Anchor>
    );
  }
  const narrow = (member: string, value: string | null) => {
    const { [member]: _was, ...rest } = narrowed;
    onChange(value === null ? rest : { ...rest, [member]: value });
  };
  const pick = (member: string, label: string, data: readonly (string | { value: string; label: string })[]) => (
    <Select
      key={member}
      label={label}
      placeholder="any"
      data={[...data]}
      value={narrowed[member] ?? null}
      clearable
      onChange={(value) => narrow(member, value)}
    />
  );
  const type = (member: string, label: string) => (
    <TextInput
      key={member}
      label={label}
      placeholder="any"
      value={narrowed[member] ?? ""}
      onChange={(event) => narrow(member, event.currentTarget.value.trim() || null)}
    />
  );
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      {pick("priority", "Priority, and less urgent ones", PRIORITIES)}
      {pick("endpoint", "Endpoint", LIMIT_CHOICES.endpoints)}
      {isOfAll && scope !== "provider" && pick("provider", "Provider", named(catalog.data?.providers))}
      {isOfAll && pick("tier", "Tier", named(tiers.data?.tiers))}
      {type("user", "User of the tenant")}
      {type("session", "Session of an agent")}
      {type("agent", "Agent")}
      {type("tag", "Tag, as name=value")}
    </SimpleGrid>
  );
}

function named(all: readonly Named[] = []) {
  return all.map(({ slug, name }) => ({ value: slug, label: name }));
}

const PRIORITIES = LIMIT_CHOICES.priorities.map((value) => ({ value, label: PRIORITY_WORDS[value] }));

function useCatalog(enabled: boolean) {
  return useQuery({ queryKey: ["catalog"], queryFn: () => api<Catalog>("catalog"), enabled });
}
