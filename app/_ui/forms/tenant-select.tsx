"use client";

import { Select, type SelectProps } from "@mantine/core";
import { useState } from "react";
import { useFoundTenants } from "../data/found";

const CHOICES = 20;

type Props = Omit<SelectProps, "data" | "value" | "onChange" | "filter"> & {
  readonly value: string | null;
  readonly onChange: (slug: string | null) => void;
};

/** One tenant of any number: the server finds those whose name or slug has what is typed. */
export function TenantSelect({ value, onChange, ...rest }: Props) {
  const [text, setText] = useState("");
  const chosen = useFoundTenants(value ?? "", { limit: CHOICES, enabled: value !== null });
  // The field says the chosen one's name until something else is typed: that is no search for it alone.
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
