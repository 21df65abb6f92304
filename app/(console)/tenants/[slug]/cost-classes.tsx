"use client";

import { Alert, Button, Divider, Group, Modal, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import type { FeaturesView } from "@/lib/console/tenants/features";
import { count } from "../../../_ui/figures/format";
import { asClasses, choices, featuresPath, type Permits, usePut } from "./cost-class";

/** How many requests each class counts as, and a class for a feature without calls. */
export function CostClasses({ slug, view, onClose }: { slug: string; view: FeaturesView; onClose: () => void }) {
  const [permits, setPermits] = useState<Permits>(view.permits);
  const put = usePut(`tenants/${encodeURIComponent(slug)}/classes`);
  return (
    <Modal opened onClose={onClose} title={`Cost classes of ${slug}`} size="lg">
      <Stack>
        <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
          {asClasses(permits).map(([name, units]) => (
            <NumberInput
              key={name}
              label={`${name}, requests`}
              description={`reserves ${count(view.outputTokens[name])} tokens`}
              value={units}
              min={1}
              max={1000}
              allowDecimal={false}
              onChange={(value) => setPermits({ ...permits, [name]: Math.max(1, Number(value)) })}
            />
          ))}
        </SimpleGrid>
        {put.error !== null && (
          <Alert color="red" title="Not changed" role="alert">
            {put.error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button loading={put.isPending} onClick={() => put.mutate(permits, { onSuccess: onClose })}>
            Save the classes
          </Button>
        </Group>
        <Divider />
        <NewFeature slug={slug} permits={view.permits} />
      </Stack>
    </Modal>
  );
}

function NewFeature({ slug, permits }: { slug: string; permits: Permits }) {
  const [feature, setFeature] = useState("");
  const [costClass, setCostClass] = useState<string>("M");
  const put = usePut(featuresPath(slug));
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label="Feature"
        placeholder="the name that the caller sends"
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
        onClick={() => put.mutate({ feature: feature.trim(), costClass }, { onSuccess: () => setFeature("") })}
      >
        Set its class
      </Button>
    </Group>
  );
}
