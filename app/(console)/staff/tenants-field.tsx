"use client";

import { MultiSelect, Select } from "@mantine/core";
import { useState } from "react";
import { useFoundTenants } from "../../_ui/data/found";

const CHOICES = 20;

const REACHES = [
  { value: "all", label: "all tenants, also those created later" },
  { value: "some", label: "these tenants only" },
];

type Props = {
  /** slugs; null = all tenants */
  readonly value: readonly string[] | null;
  readonly role: string;
  readonly onChange: (slugs: readonly string[] | null) => void;
};

/** The tenants that an operator sees: all of them by a choice of its own, never by an empty list. */
export function TenantsField({ value, role, onChange }: Props) {
  const isAdmin = role === "admin";
  const isOfSome = !isAdmin && value !== null;
  return (
    <>
      <Select
        label="Tenants"
        {...(isAdmin ? { description: "An admin sees all tenants." } : {})}
        disabled={isAdmin}
        data={REACHES}
        value={isOfSome ? "some" : "all"}
        allowDeselect={false}
        onChange={(reach) => onChange(reach === "some" ? [] : null)}
      />
      {isOfSome && <TheseTenants value={value} onChange={onChange} />}
    </>
  );
}

/** The server searches names and slugs for the typed text. */
function TheseTenants({ value, onChange }: Pick<Props, "onChange"> & { readonly value: readonly string[] }) {
  const [text, setText] = useState("");
  const found = useFoundTenants(text, { limit: CHOICES });
  const choices = found.data?.tenants.map(({ slug, name }) => ({ value: slug, label: `${name} (${slug})` })) ?? [];
  const missing = value.filter((slug) => choices.every((one) => one.value !== slug));
  return (
    <MultiSelect
      label="These tenants"
      required
      {...(value.length === 0 ? { description: "Choose one or more." } : {})}
      searchable
      clearable
      hidePickedOptions
      data={[...missing.map((slug) => ({ value: slug, label: slug })), ...choices]}
      value={[...value]}
      onChange={onChange}
      onSearchChange={setText}
      // The server has looked already, also into what the label does not show.
      filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? "Searching…" : "No matching tenants."}
    />
  );
}
