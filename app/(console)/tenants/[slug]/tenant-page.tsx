"use client";

import {
  Alert,
  Anchor,
  Badge,
  Button,
  Group,
  Modal,
  Select,
  Skeleton,
  Stack,
  Text,
  Textarea,
  Title,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { WhenLoaded } from "../../../_ui/data/when-loaded";
import { Failed } from "../../../_ui/shell/page-head";
import { UsageCard } from "../../spend/usage-card";
import { Clients } from "./clients";
import { EffectiveLimits } from "./effective-limits";
import { Features } from "./features";
import { KeyList } from "./key-list";
import { Notes } from "./notes";
import { OverrideList } from "./override-list";
import { QuotaCard } from "./quota-card";

/** One tenant: what it has left now, its keys, its tier, and whether it may call at all. */
export function TenantPage(props: {
  slug: string;
  canEdit: boolean;
  canMakeKeys: boolean;
  canRevoke: boolean;
  canBoost: boolean;
  canWrite: boolean;
}) {
  const { slug } = props;
  const tenant = useQuery({
    queryKey: ["tenants", slug],
    queryFn: () => api<TenantView>(`tenants/${encodeURIComponent(slug)}`),
  });
  if (tenant.error !== null) {
    return <Failed what="The tenant could not be loaded" error={tenant.error} />;
  }
  if (tenant.data === undefined) return <Skeleton h={400} radius="md" />;
  return (
    <Stack gap="md" maw={1100}>
      <Head tenant={tenant.data} canEdit={props.canEdit} />
      <WhenLoaded height={900}>
        <Stack gap="md">
          <QuotaCard slug={slug} canBoost={props.canBoost} />
          <OverrideList slug={slug} canEdit={props.canBoost} />
          <EffectiveLimits slug={slug} tier={tenant.data.tier} />
          <Features slug={slug} canEdit={props.canBoost} />
          <UsageCard of={slug} />
          <KeyList slug={slug} canMake={props.canMakeKeys} canRevoke={props.canRevoke} />
          <Clients slug={slug} />
          <Notes slug={slug} canWrite={props.canWrite} />
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}

function Head({ tenant, canEdit }: { tenant: TenantView; canEdit: boolean }) {
  const queries = useQueryClient();
  const [isSuspending, setIsSuspending] = useState(false);
  const [reason, setReason] = useState("");
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  const edit = useMutation({
    mutationFn: (body: object) =>
      api<TenantView>(`tenants/${encodeURIComponent(tenant.slug)}`, { method: "PATCH", body }),
    onSuccess: async (changed) => {
      queries.setQueryData(["tenants", tenant.slug], changed);
      await queries.invalidateQueries();
      setIsSuspending(false);
      notifications.show({ color: "teal", title: "In force", message: "It applies to the next call." });
    },
  });
  const isActive = tenant.status === "active";
  return (
    <>
      <Group justify="space-between" align="flex-end">
        <div>
          <Anchor component={Link} href="/tenants" size="sm">
            ← Tenants
          </Anchor>
          <Group gap="sm">
            <Title order={1} fz="h2">
              {tenant.name}
            </Title>
            <Badge variant="dot" color={isActive ? "teal" : "red"} tt="none">
              {tenant.status}
            </Badge>
          </Group>
          <Text c="dimmed" size="sm">
            {tenant.slug} · days begin in {tenant.timeZone} ·{" "}
            <Anchor component={Link} href={`/requests?tenant=${tenant.slug}`} size="sm" underline="always">
              requests
            </Anchor>{" "}
            ·{" "}
            <Anchor component={Link} href={`/audit?target=${tenant.slug}`} size="sm" underline="always">
              changes
            </Anchor>
          </Text>
        </div>
        {canEdit && (
          <Group align="flex-end" gap="sm">
            <Select
              label="Tier"
              size="sm"
              w={180}
              data={tiers.data?.tiers.map((one) => ({ value: one.slug, label: one.name })) ?? [tenant.tier]}
              value={tenant.tier}
              allowDeselect={false}
              onChange={(tier) => tier !== null && tier !== tenant.tier && edit.mutate({ tier })}
            />
            {isActive ? (
              <Button variant="default" onClick={() => setIsSuspending(true)}>
                Suspend…
              </Button>
            ) : (
              <Button loading={edit.isPending} onClick={() => edit.mutate({ status: "active" })}>
                Let it call again
              </Button>
            )}
          </Group>
        )}
      </Group>
      {edit.error !== null && (
        <Alert color="red" title="Not changed" role="alert">
          {edit.error.message}
        </Alert>
      )}
      <Modal opened={isSuspending} onClose={() => setIsSuspending(false)} title={`Suspend ${tenant.name}`}>
        <Stack>
          <Text size="sm">Its next call is answered 403. Calls that run now finish; to cut them, use the brake.</Text>
          <Textarea
            label="Reason"
            description="goes to the audit log"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
          />
          <Button
            color="red.9"
            disabled={reason.trim() === ""}
            loading={edit.isPending}
            onClick={() => edit.mutate({ status: "suspended", reason: reason.trim() })}
          >
            Suspend
          </Button>
        </Stack>
      </Modal>
    </>
  );
}
