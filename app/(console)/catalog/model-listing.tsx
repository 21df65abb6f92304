"use client";

import { Anchor, Badge, Group, Text } from "@mantine/core";
import Link from "next/link";
import type { ModelFigures } from "@/lib/console/providers/answers";
import type { ProviderView } from "../../_ui/data/catalog";
import { ManagedBadge } from "../../_ui/data/managed";
import { count, dollars, dollarsAlike } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Act } from "../../_ui/forms/act";
import { BrakedBadge } from "../../_ui/limits/braked/braked-badge";
import { StopAct } from "../brakes/stop-act";

const HEAD = [
  ...["Model", "$ per M in / out", "Calls", "p50 / p95 / p99", "First byte p95", "Tokens/s"],
  ...["Failed", "Refused", "Cost", ""],
];

/** The dialog that is open over the list. */
export type Dialog =
  | { readonly kind: "new" }
  | { readonly kind: "edit"; readonly slug: string }
  | { readonly kind: "remove"; readonly slug: string };

/** Each model with its figures; a name leads to its calls in the log. */
export function ModelListing({
  models,
  providers,
  canEdit,
  canStop,
  onDialog,
}: {
  models: readonly ModelFigures[];
  /** for their names */
  providers: readonly Pick<ProviderView, "slug" | "name">[];
  canEdit: boolean;
  canStop: boolean;
  onDialog: (dialog: Dialog) => void;
}) {
  const moneyOf = dollarsAlike(models.map((model) => model.costMicroUsd));
  return (
    <Listing
      title="Models"
      note="refused: counted from the refusals in the log"
      head={HEAD}
      texts={[9]}
      empty="No models yet. Create one: callers request models, not providers."
      rows={models.map((model) => ({
        id: model.slug,
        cells: [
          <NameCell
            key="name"
            of={model}
            provider={providers.find(({ slug }) => slug === model.provider)?.name ?? model.provider}
          />,
          model.price === null ? (
            <Badge key="price" color="red.9" tt="none">
              no price
            </Badge>
          ) : (
            `${dollars(model.price.input)} / ${dollars(model.price.output)}`
          ),
          count(model.calls),
          [model.p50Ms, model.p95Ms, model.p99Ms].every((one) => one === null)
            ? "–"
            : `${msOf(model.p50Ms)} / ${msOf(model.p95Ms)} / ${msOf(model.p99Ms)} ms`,
          model.firstP95Ms === null ? "–" : `${count(model.firstP95Ms)} ms`,
          model.tokensPerSecond === null ? "–" : count(model.tokensPerSecond),
          model.calls === 0 ? "–" : `${((model.failed / model.calls) * 100).toFixed(1)} %`,
          count(model.refused),
          moneyOf(model.costMicroUsd),
          <Group key="acts" gap={2} wrap="nowrap">
            {canStop && <StopAct of={`model ${model.slug}`} draft={{ scope: "model", name: model.slug }} />}
            {canEdit && (
              <>
                <Act label="Edit" of={model.slug} onClick={() => onDialog({ kind: "edit", slug: model.slug })} />
                <Act label="Remove" of={model.slug} onClick={() => onDialog({ kind: "remove", slug: model.slug })} />
              </>
            )}
          </Group>,
        ],
      }))}
    />
  );
}

function NameCell({ of: { slug, upstreamName, enabled }, provider }: { of: ModelFigures; provider: string }) {
  return (
    <span>
      <Anchor
        component={Link}
        href={`/requests/log?model=${encodeURIComponent(slug)}`}
        size="sm"
        style={{ whiteSpace: "nowrap" }}
      >
        {slug}
      </Anchor>
      <ManagedBadge kind="model" name={slug} />
      <BrakedBadge kind="model" of={{ model: slug, provider }} />
      {!enabled && (
        <Badge color="gray.7" tt="none" size="sm" ml={6}>
          disabled
        </Badge>
      )}
      <Text size="xs" c="dimmed">
        {upstreamName === slug ? provider : `${upstreamName} of ${provider}`}
      </Text>
    </span>
  );
}

function msOf(ms: number | null): string {
  return ms === null ? "–" : count(ms);
}
