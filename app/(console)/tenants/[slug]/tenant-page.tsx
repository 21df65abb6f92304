"use client";

import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { api } from "../../../_ui/data/api";
import { ManagedNote } from "../../../_ui/data/managed";
import { WhenLoaded } from "../../../_ui/data/when-loaded";
import { Failed, PageHead } from "../../../_ui/shell/page-head";
import { UsageCard } from "../../spend/usage-card";
import { Clients } from "./clients";
import { EffectiveLimits } from "./effective-limits";
import { Features } from "./features";
import { KeyList } from "./key-list";
import { NearestCard } from "./nearest-card";
import { Notes } from "./notes";
import { OverrideList } from "./override-list";
import { QuotaCard } from "./quota-card";
import { TenantHead } from "./tenant-head";

/** One tenant: what it has left, its keys, its tier, and whether it may call at all. */
export function TenantPage(props: {
  slug: string;
  canEdit: boolean;
  canStop: boolean;
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
    return (
      <Stack gap="md">
        <PageHead title={`Tenant ${slug}`} above={[{ label: "Tenants", href: "/tenants" }]} />
        <Failed
          what="The tenant could not be loaded"
          error={tenant.error}
          otherwise={{ label: "All tenants", href: "/tenants" }}
        />
      </Stack>
    );
  }
  if (tenant.data === undefined) return <Skeleton h={400} radius="md" />;
  return (
    <Stack gap="md" maw={1100}>
      <TenantHead tenant={tenant.data} canEdit={props.canEdit} canStop={props.canStop} />
      <ManagedNote kind="tenant" name={slug} />
      <WhenLoaded height={900}>
        <Stack gap="md">
          <QuotaCard slug={slug} canBoost={props.canBoost} />
          <NearestCard slug={slug} />
          <OverrideList slug={slug} canEdit={props.canBoost} />
          <EffectiveLimits slug={slug} tier={tenant.data.tier} />
          <Features slug={slug} canEdit={props.canBoost} />
          <UsageCard of={slug} />
          <KeyList slug={slug} canMake={props.canMakeKeys} canRevoke={props.canRevoke} canStop={props.canStop} />
          <Clients slug={slug} />
          <Notes slug={slug} canWrite={props.canWrite} />
        </Stack>
      </WhenLoaded>
    </Stack>
  );
}
