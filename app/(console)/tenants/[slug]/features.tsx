"use client";

import { Alert, Button, Card, Group, NumberInput, Select, SimpleGrid, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FeaturesView, FeatureView } from "@/lib/console/features";
import { api } from "../../../_ui/api";
import { count } from "../../../_ui/format";
import { Listing } from "../../../_ui/listing";

type Permits = FeaturesView["permits"];
type CostClass = keyof Permits;

const NONE = "none";

/** What the tenant's calls are for: as how many requests they count, and how well they are estimated. */
export function Features({ slug, canEdit }: { slug: string; canEdit: boolean }) {
  const path = `tenants/${encodeURIComponent(slug)}`;
  const seen = useQuery({ queryKey: ["features", slug], queryFn: () => api<FeaturesView>(`${path}/features`) });
  const { data } = seen;
  if (data === undefined) return null;
  return (
    <>
      <Listing
        title="Features"
        note="held against billed: tokens of the last day, input and output"
        head={["Feature", "Class", "Calls", "Input", "Output"]}
        texts={[1]}
        empty="No call has named a feature, and none has a class."
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

/** One write, told when it is in force. */
function usePut(path: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: object) => api(path, { method: "PUT", body }),
    onSuccess: async () => {
      await queries.invalidateQueries();
      notifications.show({ color: "teal", title: "In force", message: "The next call obeys it." });
    },
  });
}

function featurePath(slug: string, feature: string): string {
  return `tenants/${encodeURIComponent(slug)}/features/${encodeURIComponent(feature)}`;
}

function choices(permits: Permits) {
  return [
    { value: NONE, label: "No class" },
    ...asClasses(permits).map(([name, units]) => ({ value: name, label: `${name}: ${requests(units)}` })),
  ];
}

function asClasses(permits: Permits): [CostClass, number][] {
  return [
    ["S", permits.S],
    ["M", permits.M],
    ["L", permits.L],
    ["XL", permits.XL],
  ];
}

function requests(units: number): string {
  return units === 1 ? "1 request" : `${count(units)} requests`;
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
  const put = usePut(featurePath(slug, of.feature));
  if (!canEdit) return <>{of.costClass === null ? "–" : `${of.costClass}: ${requests(permits[of.costClass])}`}</>;
  return (
    <Select
      aria-label={`Class of ${of.feature}`}
      size="xs"
      maw={180}
      data={choices(permits)}
      value={of.costClass ?? NONE}
      allowDeselect={false}
      disabled={put.isPending}
      error={put.error?.message}
      onChange={(value) => put.mutate({ costClass: value === NONE ? null : value })}
    />
  );
}

/** What a class means for this tenant, and a class for a feature that has not called yet. */
function Classes({ slug, view, canEdit }: { slug: string; view: FeaturesView; canEdit: boolean }) {
  const [draft, setDraft] = useState<Permits | null>(null);
  const put = usePut(`tenants/${encodeURIComponent(slug)}/classes`);
  const permits = draft ?? view.permits;
  return (
    <Card component="section" aria-label="Cost classes">
      <Text fw={600}>Cost classes</Text>
      <Text size="xs" c="dimmed" mb="sm">
        A call of a feature with a class counts as that many requests in every limit of requests, and holds that many
        output tokens per choice, at most what it allows.
      </Text>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        {asClasses(permits).map(([name, units]) => (
          <NumberInput
            key={name}
            label={`${name}, requests`}
            description={`holds ${count(view.outputTokens[name])} tokens`}
            value={units}
            min={1}
            max={1000}
            allowDecimal={false}
            readOnly={!canEdit}
            onChange={(value) => setDraft({ ...permits, [name]: Math.max(1, Number(value)) })}
          />
        ))}
      </SimpleGrid>
      {put.error !== null && (
        <Alert color="red" title="Not changed" role="alert" mt="sm">
          {put.error.message}
        </Alert>
      )}
      {canEdit && (
        <Group mt="sm" justify="space-between" align="flex-end">
          <NewFeature slug={slug} permits={view.permits} />
          <Button
            disabled={draft === null}
            loading={put.isPending}
            onClick={() => put.mutate(permits, { onSuccess: () => setDraft(null) })}
          >
            Save the classes
          </Button>
        </Group>
      )}
    </Card>
  );
}

function NewFeature({ slug, permits }: { slug: string; permits: Permits }) {
  const [feature, setFeature] = useState("");
  const [costClass, setCostClass] = useState<string>("M");
  const put = usePut(featurePath(slug, feature.trim()));
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label="Feature"
        placeholder="as the caller names it"
        w={220}
        value={feature}
        error={put.error?.message}
        onChange={(event) => setFeature(event.currentTarget.value)}
      />
      <Select
        label="Class"
        w={160}
        data={choices(permits).slice(1)}
        value={costClass}
        allowDeselect={false}
        onChange={(value) => setCostClass(value ?? "M")}
      />
      <Button
        variant="default"
        disabled={feature.trim() === ""}
        loading={put.isPending}
        onClick={() => put.mutate({ costClass }, { onSuccess: () => setFeature("") })}
      >
        Set its class
      </Button>
    </Group>
  );
}
