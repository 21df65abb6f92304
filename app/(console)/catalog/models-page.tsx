"use client";

import { Button, Group, Select, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useState } from "react";
import type { ModelFigures } from "@/lib/console/providers/answers";
import { api } from "../../_ui/data/api";
import { type ModelView, useCatalog } from "../../_ui/data/catalog";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { RemoveDialog } from "../../_ui/forms/remove-dialog";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { ModelDialog } from "./model-dialog";
import { type Dialog, ModelListing } from "./model-listing";

const EVERY_MS = 15_000;
const SPANS = ["15", "60", "1440"] as const;
const SPAN_WORDS = [
  { value: "15", label: "Last 15 minutes" },
  { value: "60", label: "Last hour" },
  { value: "1440", label: "Last 24 hours" },
];

/** The models that callers may request, with speed, reliability and price of each. */
export function ModelsPage({ canEdit, canStop }: { canEdit: boolean; canStop: boolean }) {
  const [{ provider, minutes }, setFilter] = useQueryStates({
    provider: parseAsString,
    minutes: parseAsStringLiteral(SPANS).withDefault("60"),
  });
  const catalog = useCatalog();
  const figures = useQuery({
    queryKey: ["models", minutes],
    queryFn: () => api<{ models: ModelFigures[] }>(`models?minutes=${minutes}`),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const error = catalog.error ?? figures.error;
  const isLoaded = catalog.data !== undefined && figures.data !== undefined;
  const shown = figures.data?.models.filter((one) => provider === null || one.provider === provider) ?? [];
  return (
    <Stack gap="md">
      <PageHead title="Models" about="Models that callers may request. Latency covers completed answers only.">
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog({ kind: "new" })}>
            New model
          </Button>
        )}
      </PageHead>
      <Group>
        <Select
          aria-label="Provider"
          placeholder="All providers"
          clearable
          data={catalog.data?.providers.map((one) => ({ value: one.slug, label: one.name })) ?? []}
          value={provider}
          onChange={(value) => void setFilter({ provider: value })}
        />
        <Select
          aria-label="Time"
          data={SPAN_WORDS}
          value={minutes}
          allowDeselect={false}
          onChange={(value) => void setFilter({ minutes: SPANS.find((one) => one === value) ?? null })}
        />
      </Group>
      <Failed what="The models could not be loaded" error={error} />
      <WhenLoaded height={320}>
        {isLoaded && (
          <ModelListing
            models={shown}
            providers={catalog.data.providers}
            canEdit={canEdit}
            canStop={canStop}
            onDialog={setDialog}
          />
        )}
      </WhenLoaded>
      {dialog !== null && catalog.data !== undefined && dialog.kind !== "remove" && (
        <ModelDialog
          of={dialog.kind === "edit" ? modelOf(catalog.data.models, dialog.slug) : null}
          provider={provider}
          catalog={catalog.data}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog?.kind === "remove" && (
        <RemoveDialog
          what={`model ${dialog.slug}`}
          note="The next call that requests it is refused. Past calls stay in the ledger with their cost."
          path={`models/${dialog.slug}`}
          onClose={() => setDialog(null)}
        />
      )}
    </Stack>
  );
}

function modelOf(models: readonly ModelView[], slug: string): ModelView | null {
  return models.find((model) => model.slug === slug) ?? null;
}
