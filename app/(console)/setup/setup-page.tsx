"use client";

import { Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { KeyView } from "@/lib/console/keys/keys";
import type { SettingsView } from "@/lib/console/overview/settings";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../_ui/data/api";
import { useCatalog } from "../../_ui/data/catalog";
import type { TenantPage } from "../../_ui/data/found";
import { plural } from "../../_ui/figures/format";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { ConnectionResult } from "../providers/connection-result";
import { FirstCallCard } from "./first-call-card";
import { type Made, NOTHING } from "./made";
import type { SetupKind } from "./setup-dialog";
import { Step } from "./step";

// Loaded when a form is opened: the checklist alone needs none of them.
const SetupDialog = dynamic(() => import("./setup-dialog").then((part) => part.SetupDialog), { ssr: false });

/** The steps from an empty installation to the first call, each done here. */
export function SetupPage({ canEdit }: { canEdit: boolean }) {
  const seen = useSetUp();
  const [made, setMade] = useState<Made>(NOTHING);
  const [open, setOpen] = useState<SetupKind | null>(null);
  const add = (change: Partial<Made>) => setMade((before) => ({ ...before, ...change }));
  const { catalog, tiers, tenants, keys, settings, error } = seen;
  const has = catalog && tiers && tenants && keys && settings;
  const step = (kind: SetupKind) => ({ canEdit, onOpen: () => setOpen(kind) });
  return (
    <Stack gap="md" maw={900}>
      <PageHead title="Get started" about="Five steps to your first call. Completed steps are ticked." />
      <Failed what="The state of the set-up could not be read" error={error} />
      {!has && error === null && <Skeleton h={640} radius="md" />}
      {has && (
        <>
          <Step
            number={1}
            title="Provider"
            about="The provider that calls are sent to, and its credential."
            state={catalog.providers.map(({ name }) => name).join(", ")}
            href="/providers"
            {...step("provider")}
          >
            {made.provider !== null && (
              <ConnectionResult key={made.provider} provider={made.provider} onClose={() => add({ provider: null })} />
            )}
          </Step>
          <Step
            number={2}
            title="Model"
            about="The model that callers may request, and its price."
            state={catalog.models.map(({ slug }) => slug).join(", ")}
            isReady={catalog.providers.length > 0}
            href="/catalog"
            {...step("model")}
          />
          <Step
            number={3}
            title="Tier"
            about="Limits that several tenants share."
            state={tiers.map(({ name }) => name).join(", ")}
            href="/tiers"
            {...step("tier")}
          />
          <Step
            number={4}
            title="Tenant"
            about="An organisation that may call. It has its own keys and counters."
            state={tenants.total === 0 ? "" : plural(tenants.total, "tenant")}
            isReady={tiers.length > 0}
            href="/tenants"
            {...step("tenant")}
          />
          <Step
            number={5}
            title="API key"
            about="The key that a tenant's application sends. Shown only once."
            state={made.key !== null ? "ready for the first call" : keys.length > 0 ? "All keys" : ""}
            isReady={tenants.total > 0}
            href="/keys"
            {...step("key")}
          />
          <FirstCallCard catalog={catalog} made={made} baseUrl={settings.publicUrl} hasKey={keys.length > 0} />
        </>
      )}
      {open !== null && (
        <SetupDialog
          open={open}
          made={made}
          catalog={catalog}
          tiers={tiers}
          onMade={add}
          onClose={() => setOpen(null)}
        />
      )}
    </Stack>
  );
}

/** What the installation has already. */
function useSetUp() {
  const catalog = useCatalog();
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  const tenants = useQuery({ queryKey: ["tenants", "some"], queryFn: () => api<TenantPage>("tenants?limit=1") });
  const keys = useQuery({
    queryKey: ["keys", "some"],
    queryFn: () => api<{ keys: KeyView[] }>("keys?limit=1&state=usable"),
  });
  const settings = useQuery({ queryKey: ["settings"], queryFn: () => api<SettingsView>("settings") });
  const error = catalog.error ?? tiers.error ?? tenants.error ?? keys.error ?? settings.error;
  const shown = { catalog: catalog.data, tiers: tiers.data?.tiers, tenants: tenants.data, keys: keys.data?.keys };
  return { ...shown, settings: settings.data, error };
}
