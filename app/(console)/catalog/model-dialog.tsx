"use client";

import {
  Anchor,
  Autocomplete,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Switch,
  Text,
  TextInput,
} from "@mantine/core";
import Link from "next/link";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import type { Catalog, ModelView } from "../../_ui/data/catalog";
import { FormDialog } from "../../_ui/forms/dialog";
import { useConnection } from "../providers/connection-result";
import { EMPTY, type Filled, filledFrom, modelBody } from "./model-body";

type Part = { readonly filled: Filled; readonly set: (change: Partial<Filled>) => void };

/** Adds a model, or changes it from the next call on. */
export function ModelDialog({
  of,
  provider,
  catalog,
  onClose,
  onSaved,
}: {
  /** null = a new one */
  of: ModelView | null;
  /** initial values of a new one */
  provider: string | null;
  catalog: Catalog;
  onClose: () => void;
  onSaved?: (slug: string) => void;
}) {
  const first = provider ?? catalog.providers[0]?.slug ?? null;
  const own = catalog.providers.find(({ id }) => id === of?.providerId)?.slug ?? null;
  const [filled, setFilled] = useState<Filled>(of === null ? { ...EMPTY, provider: first } : filledFrom(of, own));
  const set = (change: Partial<Filled>) => setFilled((before) => ({ ...before, ...change }));
  const slug = filled.slug ?? filled.upstreamName.trim();
  return (
    <FormDialog
      title={of === null ? "New model" : `Edit ${of.slug}`}
      label={of === null ? "Create" : "Save"}
      done={`${slug} can be called.`}
      isReady={filled.provider !== null && slug !== ""}
      submit={() => api(`models/${slug}`, { method: "PUT", body: modelBody(filled) })}
      onDone={() => onSaved?.(slug)}
      onClose={onClose}
    >
      <NameFields filled={filled} set={set} slug={slug} isNew={of === null} catalog={catalog} />
      <SizeFields filled={filled} set={set} />
      <MultiSelect
        label="Fallbacks"
        description="serve its calls while its provider fails, in this order; at most 4"
        data={catalog.models.map((model) => model.slug).filter((one) => one !== slug)}
        value={[...filled.fallbacks]}
        maxValues={4}
        searchable
        onChange={(fallbacks) => set({ fallbacks })}
      />
      <PriceFields filled={filled} set={set} isNew={of === null} />
      <Switch
        label="Enabled"
        checked={filled.enabled}
        onChange={(event) => set({ enabled: event.currentTarget.checked })}
      />
    </FormDialog>
  );
}

function NameFields({ filled, set, slug, isNew, catalog }: Part & { slug: string; isNew: boolean; catalog: Catalog }) {
  return (
    <>
      <Select
        label="Provider"
        data={catalog.providers.map((one) => ({ value: one.slug, label: one.name }))}
        value={filled.provider}
        allowDeselect={false}
        onChange={(provider) => set({ provider })}
      />
      {filled.provider !== null && (
        <UpstreamName key={filled.provider} provider={filled.provider} filled={filled} set={set} />
      )}
      {isNew && (
        <TextInput
          label="Name for callers"
          description="the model name that applications send; permanent"
          value={slug}
          onChange={(event) => set({ slug: event.currentTarget.value.trim() })}
          pattern="[A-Za-z0-9][A-Za-z0-9._:\/\-]*"
          title="Letters, digits and . _ : / -"
          required
          maxLength={128}
        />
      )}
    </>
  );
}

/** Offers the provider's list of models; any other name may be typed. */
function UpstreamName({ provider, filled, set }: Part & { provider: string }) {
  const listed = useConnection(provider).data?.models ?? [];
  return (
    <Autocomplete
      label="Provider's model name"
      description={listed.length === 0 ? "as in the provider's documentation" : "from the provider's list"}
      data={[...new Set(listed)]}
      limit={50}
      value={filled.upstreamName}
      onChange={(upstreamName) => set({ upstreamName })}
      required
      maxLength={200}
      data-autofocus
    />
  );
}

function SizeFields({ filled, set }: Part) {
  const tokens = (name: "contextTokens" | "maxOutputTokens" | "defaultOutputTokens", label: string) => (
    <NumberInput
      label={label}
      description="tokens"
      value={filled[name]}
      min={1}
      max={10_000_000}
      thousandSeparator=","
      onChange={(value) => set({ [name]: Number(value) })}
      required
    />
  );
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} style={{ alignItems: "end" }}>
      {tokens("contextTokens", "Context")}
      {tokens("maxOutputTokens", "Max output")}
      {tokens("defaultOutputTokens", "Usual output")}
    </SimpleGrid>
  );
}

function PriceFields({ filled, set, isNew }: Part & { isNew: boolean }) {
  const choices = [
    ...(isNew ? [] : [{ value: "kept" as const, label: "as it is" }]),
    { value: "listed" as const, label: "of the bundled price list" },
    { value: "own" as const, label: "enter it" },
  ];
  const dollars = (name: "input" | "output", label: string) => (
    <NumberInput
      label={label}
      description="$ per million tokens"
      value={filled[name]}
      min={0}
      max={1000}
      decimalScale={6}
      onChange={(value) => set({ [name]: Number(value) })}
      required
    />
  );
  return (
    <>
      <Select
        label="Price"
        data={choices}
        value={filled.price}
        allowDeselect={false}
        onChange={(value) => set({ price: choices.find((one) => one.value === value)?.value ?? filled.price })}
      />
      {filled.price === "own" && (
        <Group grow align="flex-end">
          {dollars("input", "Input")}
          {dollars("output", "Output")}
        </Group>
      )}
      <Text size="xs" c="dimmed">
        Cache, long-input and dated prices are set under{" "}
        <Anchor component={Link} href="/prices" size="xs" underline="always">
          Prices
        </Anchor>
        .
      </Text>
    </>
  );
}
