"use client";

import { Select, type SelectProps } from "@mantine/core";
import { useState } from "react";
import { useFoundTenants } from "../data/found";

const CHOICES = 20;

type Props = Omit<SelectProps, "data" | "value" | "onChange" | "filter"> & {
  readonly value: string | null;
  readonly onChange: (slug: string | null) => void;
};

/** Selects one of any number of tenants: the server searches names and slugs for the typed text. */
export function TenantSelect({ value, onChange, ...rest }: Props) {
  const [text, setText] = useState("");
  const chosen = useFoundTenants(value ?? "", { limit: CHOICES, enabled: value !== null });
  // The field shows the chosen name until something is typed, so that name is not a search.
  const label = chosen.data?.tenants.find((one) => one.slug === value)?.name ?? value;
  const found = useFoundTenants(text === label ? "" : text, { limit: CHOICES });
  const choices = found.data?.tenants.map(({ slug, name }) => ({ value: slug, label: name })) ?? [];
  const isMissing = value !== null && choices.every((one) => one.value !== value);
  const data = isMissing ? [{ value, label: label ?? value }, ...choices] : choices;
  return (
    <Select
      {...rest}
      searchable
      data={data}
      value={value}
      onChange={(next) => onChange(next)}
      onSearchChange={setText}
      // The server has looked already, also into what the label does not show.
      filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? "Searching…" : "No matching tenants."}
    />
  );
}
