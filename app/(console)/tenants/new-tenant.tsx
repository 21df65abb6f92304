"use client";

import { Alert, Button, Group, Modal, Select, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { NameAndSlug, useNamed } from "../../_ui/forms/name-and-slug";

/** Name, slug, tier, zone; then opens the new tenant, to add a key. */
export function NewTenant({
  onClose,
  onMade,
}: {
  onClose: () => void;
  /** called instead of opening the new tenant */
  onMade?: (slug: string) => void;
}) {
  const router = useRouter();
  const queries = useQueryClient();
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  const named = useNamed();
  const { name, slug } = named;
  const [tier, setTier] = useState<string | null>(null);
  const [timeZone, setTimeZone] = useState("UTC");
  const first = tiers.data?.tiers[0]?.slug ?? null;
  const make = useMutation({
    mutationFn: () =>
      api<TenantView>("tenants", { method: "POST", body: { slug, name: name.trim(), tier: tier ?? first, timeZone } }),
    onSuccess: async (tenant) => {
      await queries.invalidateQueries({ queryKey: ["tenants"] });
      if (onMade === undefined) router.push(`/tenants/${tenant.slug}`);
      else {
        onMade(tenant.slug);
        onClose();
      }
    },
  });
  // Without tiers the form has no choices, so their error is its error.
  const fault = make.error ?? tiers.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="New tenant">
      <form onSubmit={submit}>
        <Stack>
          <NameAndSlug named={named} refer="brakes, overrides and reports" />
          <Select
            label="Tier"
            data={tiers.data?.tiers.map((one) => ({ value: one.slug, label: one.name })) ?? []}
            value={tier ?? first}
            onChange={setTier}
            allowDeselect={false}
          />
          <Select
            label="Time zone"
            description="for the start of its days and months"
            data={ZONES}
            value={timeZone}
            onChange={(value) => setTimeZone(value ?? "UTC")}
            searchable
            allowDeselect={false}
          />
          {fault !== null && (
            <Alert color="red" title="Not created" role="alert">
              {fault.message}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={make.isPending}
              disabled={first === null || name.trim() === "" || slug === ""}
            >
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
