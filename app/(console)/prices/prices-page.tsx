"use client";

import { Alert, Badge, Button, Select, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CoverageLine, PriceView } from "@/lib/console/money/prices";
import { api } from "../../_ui/data/api";
import { useCatalog } from "../../_ui/data/catalog";
import { ManagedBadge } from "../../_ui/data/managed";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { count, dollars, dollarsAlike } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { NewPrice } from "./new-price";

type Coverage = { models: CoverageLine[]; refusedForWantOfPrice: number; callsThatCostNothing: number };

/** Which models have a valid price, and every price with its first day. */
export function PricesPage({ canEdit }: { canEdit: boolean }) {
  const [isOpen, setIsOpen] = useState(false);
  const coverage = useQuery({ queryKey: ["coverage"], queryFn: () => api<Coverage>("prices/coverage") });
  const prices = useQuery({ queryKey: ["prices"], queryFn: () => api<{ prices: PriceView[] }>("prices") });
  const { refusedForWantOfPrice: refused = 0, callsThatCostNothing: free = 0 } = coverage.data ?? {};
  // Both at once: a later part would push down what is being read.
  const isLoaded = coverage.data !== undefined && prices.data !== undefined;
  return (
    <Stack gap="md">
      <PageHead
        title="Prices"
        about="Prices in US dollars per million tokens. A call keeps the price at which it was admitted."
      >
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setIsOpen(true)}>
            New price
          </Button>
        )}
      </PageHead>
      <Failed what="The prices could not be loaded" error={coverage.error ?? prices.error} />
      <WhenLoaded height={420}>
        <Stack gap="md">
          {refused + free > 0 && (
            <Alert color="orange" title="Some calls had no price">
              In 30 days {count(refused)} calls were refused because their model has no price, and {count(free)} were
              charged nothing.
            </Alert>
          )}
          {isLoaded && <CoverageListing models={coverage.data.models} />}
          {isLoaded && <PriceListing prices={prices.data.prices} />}
        </Stack>
      </WhenLoaded>
      {isOpen && (
        <NewPrice models={coverage.data?.models.map((line) => line.model) ?? []} onClose={() => setIsOpen(false)} />
      )}
    </Stack>
  );
}

/** Which models have a valid price, with their calls and cost. */
function CoverageListing({ models }: { models: readonly CoverageLine[] }) {
  const catalog = useCatalog();
  const moneyOf = dollarsAlike(models.map((line) => line.costMicroUsd));
  const nameOf = (provider: string) => catalog.data?.providers.find(({ slug }) => slug === provider)?.name ?? provider;
  return (
    <Listing
      title="Coverage"
      note="calls and cost in the last 30 days"
      head={["Model", "Provider", "Price", "Priced since", "Calls", "Cost"]}
      texts={[1, 2, 3]}
      empty={<NextStep says="No models yet. Add a provider and its models:" href="/setup" page="Get started" />}
      rows={models.map((line) => ({
        id: line.model,
        cells: [
          <span key="model">
            {line.model}
            <ManagedBadge kind="model" name={line.model} />
          </span>,
          nameOf(line.provider),
          <Badge
            key="fault"
            color={line.fault === null ? "teal.9" : line.fault === "differs from the list price" ? "blue.8" : "red.9"}
            tt="none"
          >
            {line.fault ?? "complete"}
          </Badge>,
          line.pricedSince === null ? "never" : <Moment key="since" at={line.pricedSince} form="short" />,
          count(line.calls),
          moneyOf(line.costMicroUsd),
        ],
      }))}
    />
  );
}

/** Every price with its first day, of all models or of one. */
function PriceListing({ prices }: { prices: readonly PriceView[] }) {
  const [model, setModel] = useState<string | null>(null);
  return (
    <Listing
      title="Prices by date"
      note="US dollars per million tokens, newest first"
      head={["Model", "Valid from", "State", "Source", "Input", "Cached input", "Output", "More"]}
      texts={[1, 2, 3, 7]}
      empty="No prices yet."
      aside={
        <Select
          size="xs"
          w={180}
          aria-label="Model"
          placeholder="All models"
          clearable
          searchable
          data={[...new Set(prices.map((row) => row.model))]}
          value={model}
          onChange={setModel}
        />
      }
      rows={prices
        .filter((row) => model === null || row.model === model)
        .map((row) => ({
          id: String(row.id),
          cells: [
            row.model,
            <Moment key="from" at={row.validFrom} form="short" />,
            row.state === "to come" ? "scheduled" : row.state,
            row.source,
            dollars(row.inputMicroUsdPerMillion),
            dollars(row.cachedInputMicroUsdPerMillion),
            dollars(row.outputMicroUsdPerMillion),
            moreOf(row),
          ],
        }))}
    />
  );
}

/** The names of a price's other parts; the admin API has the numbers. */
function moreOf(row: PriceView): string {
  const rates = ["cacheWriteMicroUsdPerMillion", "cacheWriteHourMicroUsdPerMillion"].some((name) => name in row);
  const parts = [
    ...(rates ? ["cache writes"] : []),
    ...("reasoningMicroUsdPerMillion" in row ? ["reasoning"] : []),
    ...(row.tiers ?? []).map(({ aboveInputTokens }) => `above ${count(aboveInputTokens)} tokens`),
    ...Object.keys(row.serviceTiers ?? {}),
    ...Object.entries(row.feesMicroUsd ?? {}).map(([fee, each]) => `${fee.replaceAll("_", " ")} ${dollars(each)}`),
  ];
  return parts.join(", ") || "–";
}
