"use client";

import { Button, Card, Group, NativeSelect, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { FeaturesView, FeatureView } from "@/lib/console/tenants/features";
import { api } from "../../../_ui/data/api";
import { count } from "../../../_ui/figures/format";
import { Listing } from "../../../_ui/figures/listing";
import { Failed } from "../../../_ui/shell/page-head";
import { Term } from "../../../_ui/words/term";
import { asClasses, choices, featuresPath, NONE, type Permits, requests, usePut } from "./cost-class";

// Loaded later: its number fields are much of the page's code, and few visits need them.
const CostClasses = dynamic(() => import("./cost-classes").then((part) => part.CostClasses), { ssr: false });

/** The tenant's features: how many requests their calls count as, and how well they are estimated. */
export function Features({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const path = `tenants/${encodeURIComponent(slug)}`;
  const seen = useQuery({ queryKey: ["features", slug], queryFn: () => api<FeaturesView>(`${path}/features`) });
  const { data } = seen;
  if (data === undefined) return <Failed what="The features could not be loaded" error={seen.error} />;
  return (
    <>
      <Listing
        title="Features"
        note="reserved and billed tokens in the last 24 hours, input and output"
        head={["Feature", "Class", "Calls", "Input", "Output"]}
        texts={[1]}
        empty="No features yet. A caller names one in the header x-spillway-feature."
        rows={data.features.map((one) => ({
          id: one.feature,
          cells: [
            one.feature,
            <ClassOf key="class" slug={slug} of={one} permits={data.permits} canEdit={canEdit} />,
            count(one.calls),
            `${count(one.reservedInputTokens)} / ${count(one.inputTokens)}`,
            `${count(one.reservedOutputTokens)} / ${count(one.outputTokens)}`,
          ],
        }))}
      />
      <Classes slug={slug} view={data} canEdit={canEdit} />
    </>
  );
}

function ClassOf({
  slug,
  of,
  permits,
  canEdit,
}: {
  slug: string;
  of: FeatureView;
  permits: Permits;
  canEdit: boolean;
}) {
  const put = usePut(featuresPath(slug));
  if (!canEdit) return <>{of.costClass === null ? "–" : `${of.costClass}: ${requests(permits[of.costClass])}`}</>;
  return (
    <NativeSelect
      aria-label={`Class of ${of.feature}`}
      size="xs"
      maw={180}
      data={choices(permits)}
      value={of.costClass ?? NONE}
      disabled={put.isPending}
      error={put.error?.message}
      onChange={({ currentTarget: { value } }) =>
        put.mutate({ feature: of.feature, costClass: value === NONE ? null : value })
      }
    />
  );
}

/** The values of a class for this tenant. */
function Classes({ slug, view, canEdit }: { slug: string; view: FeaturesView; canEdit: boolean }) {
  const [isEditing, setIsEditing] = useState(false);
  return (
    <Card component="section" aria-label="Cost classes">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <Text fw={600}>
            <Term of="cost class">Cost classes</Term>
          </Text>
          <Text size="xs" c="dimmed">
            A call of a classified feature counts as this many requests in every request limit. It reserves this many
            output tokens per choice, up to its own cap.
          </Text>
        </div>
        {canEdit && (
          <Button variant="default" size="xs" onClick={() => setIsEditing(true)}>
            Change…
          </Button>
        )}
      </Group>
      <Group mt="sm" gap="xl">
        {asClasses(view.permits).map(([name, units]) => (
          <div key={name}>
            <Text fw={600}>{name}</Text>
            <Text size="sm">{requests(units)}</Text>
            <Text size="xs" c="dimmed">
              holds {count(view.outputTokens[name])} tokens
            </Text>
          </div>
        ))}
      </Group>
      {isEditing && <CostClasses slug={slug} view={view} onClose={() => setIsEditing(false)} />}
    </Card>
  );
}
