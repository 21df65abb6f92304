"use client";

import { MultiSelect } from "@mantine/core";
import { useState } from "react";
import { useFoundTenants } from "../../_ui/data/found";

const CHOICES = 20;

type Props = {
  /** slugs; none = all tenants */
  readonly value: readonly string[];
  readonly role: string;
  readonly onChange: (slugs: string[]) => void;
};

/** The tenants that an operator sees. The server searches names and slugs for the typed text. */
export function TenantsField({ value, role, onChange }: Props) {
  const [text, setText] = useState("");
  const found = useFoundTenants(text, { limit: CHOICES });
  const choices = found.data?.tenants.map(({ slug, name }) => ({ value: slug, label: `${name} (${slug})` })) ?? [];
  const missing = value.filter((slug) => choices.every((one) => one.value !== slug));
  const isAdmin = role === "admin";
  return (
    <MultiSelect
      label="Tenants"
      description={isAdmin ? "An admin sees all tenants." : "Empty: all tenants, also those made later."}
      placeholder={value.length === 0 ? "All tenants" : ""}
      disabled={isAdmin}
      searchable
      clearable
      hidePickedOptions
      data={[...missing.map((slug) => ({ value: slug, label: slug })), ...choices]}
      value={isAdmin ? [] : [...value]}
      onChange={onChange}
      onSearchChange={setText}
      // The server has looked already, also into what the label does not show.
      filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? "Searching…" : "No matching tenants."}
    />
  );
}
