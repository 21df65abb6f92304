"use client";

import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { UpstreamView } from "@/lib/console/providers/answers";
import type { ProviderHealth } from "@/lib/console/providers/provider-health";
import { api } from "../../_ui/data/api";
import { type Catalog, type ProviderView, useCatalog } from "../../_ui/data/catalog";
import { ManagedBadge } from "../../_ui/data/managed";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { count, plural } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Act } from "../../_ui/forms/act";
import { RemoveDialog } from "../../_ui/forms/remove-dialog";
import { BrakedBadge } from "../../_ui/limits/braked/braked-badge";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { StopAct } from "../brakes/stop-act";
import { ConnectionResult } from "./connection-result";
import { CredentialListing, secretWords } from "./credential-listing";
import { PlaceState } from "./place-state";
import { ProviderDialog } from "./provider-dialog";

const EVERY_MS = 10_000;
/** The address of the simulator, which is part of the server. */
const SIMULATOR = "simulator:";

type Dialog = { readonly kind: "new" } | { readonly kind: "edit" | "remove"; readonly of: ProviderView };

/** Where calls are sent, with which credential, and each provider's state. */
export function ProvidersPage({ canEdit, canTakeOut }: { canEdit: boolean; canTakeOut: boolean }) {
  const catalog = useCatalog();
  const health = useQuery({
    queryKey: ["provider-health"],
    queryFn: () => api<ProviderHealth>("providers"),
    refetchInterval: EVERY_MS,
  });
  const upstream = useQuery({
    queryKey: ["upstream"],
    queryFn: () => api<UpstreamView>("upstream"),
    refetchInterval: EVERY_MS,
  });
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [tested, setTested] = useState<string | null>(null);
  const error = catalog.error ?? health.error ?? upstream.error;
  const isLoaded = catalog.data !== undefined && health.data !== undefined && upstream.data !== undefined;
  const close = () => setDialog(null);
  return (
    <Stack gap="md">
      <PageHead title="Providers" about="Providers that calls are sent to. A change is in force for the next call.">
        {canEdit && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog({ kind: "new" })}>
            New provider
          </Button>
        )}
      </PageHead>
      <Failed what="The providers could not be loaded" error={error} />
      {tested !== null && <ConnectionResult key={tested} provider={tested} onClose={() => setTested(null)} />}
      <WhenLoaded height={260}>
        {isLoaded && (
          <Stack gap="md">
            <Rows
              catalog={catalog.data}
              health={health.data}
              upstream={upstream.data}
              canEdit={canEdit}
              canStop={canTakeOut}
              onDialog={setDialog}
              onTest={setTested}
            />
            <CredentialListing providers={catalog.data.providers} upstream={upstream.data} canChange={canTakeOut} />
          </Stack>
        )}
      </WhenLoaded>
      {(dialog?.kind === "new" || dialog?.kind === "edit") && (
        <ProviderDialog of={dialog.kind === "edit" ? dialog.of : null} onClose={close} onSaved={setTested} />
      )}
      {dialog?.kind === "remove" && (
        <RemoveDialog
          what={`provider ${dialog.of.slug}`}
          note="Past calls stay in the ledger. A provider that still serves models cannot be removed."
          path={`providers/${dialog.of.slug}`}
          onClose={close}
        />
      )}
    </Stack>
  );
}

type Loaded = { readonly catalog: Catalog; readonly health: ProviderHealth; readonly upstream: UpstreamView };

function Rows(
  props: Loaded & {
    canEdit: boolean;
    canStop: boolean;
    onDialog: (dialog: Dialog) => void;
    onTest: (provider: string) => void;
  },
) {
  const { catalog, health, upstream, canEdit, canStop, onDialog, onTest } = props;
  return (
    <Listing
      title="Providers"
      note={`calls of the last ${health.minutes} minutes`}
      head={["Provider", "Speaks", "Address", "Credential", "State", "Models", "Calls", "Failed", "p95", ""]}
      texts={[1, 2, 3, 4, 9]}
      empty="No providers yet. Create one, test its connection, then add its models."
      rows={catalog.providers.map((one) => {
        const seen = health.providers.find(({ slug }) => slug === one.slug);
        const models = catalog.models.filter((model) => model.providerId === one.id).length;
        return {
          id: one.slug,
          cells: [
            <span key="name">
              {one.name}
              <ManagedBadge kind="provider" name={one.slug} />
              <BrakedBadge kind="provider" of={{ provider: one.slug }} />
              <Text size="xs" c="dimmed">
                {one.slug}
              </Text>
            </span>,
            one.dialect === "anthropic" ? "Anthropic" : "OpenAI",
            <Text key="address" size="sm" style={{ overflowWrap: "anywhere" }}>
              {one.baseUrl === SIMULATOR ? "built in" : one.baseUrl}
            </Text>,
            secrets(one),
            <State key="state" of={one} upstream={upstream} />,
            <Anchor key="models" component={Link} href={`/catalog?provider=${one.slug}`} size="sm">
              {models}
            </Anchor>,
            count(seen?.calls ?? 0),
            seen === undefined || seen.calls === 0 ? "–" : `${((seen.failed / seen.calls) * 100).toFixed(1)} %`,
            seen?.p95Ms == null ? "–" : `${count(seen.p95Ms)} ms`,
            <Group key="acts" gap={2} wrap="nowrap">
              {canStop && <StopAct of={`provider ${one.name}`} draft={{ scope: "provider", name: one.slug }} />}
              {canEdit && (
                <>
                  <Act label="Test" of={one.name} onClick={() => onTest(one.slug)} />
                  <Act label="Edit" of={one.name} onClick={() => onDialog({ kind: "edit", of: one })} />
                  <Act label="Remove" of={one.name} onClick={() => onDialog({ kind: "remove", of: one })} />
                </>
              )}
            </Group>,
          ],
        };
      })}
    />
  );
}

/** Whether it gets calls at all. One of its models may still be cooling down, which the status page shows. */
function State({ of, upstream }: { of: ProviderView; upstream: UpstreamView }) {
  const place = upstream.providers.find(({ slug }) => slug === of.slug)?.state.state ?? "open";
  return of.enabled ? (
    <PlaceState state={place} />
  ) : (
    <Badge tt="none" color="gray.7">
      disabled
    </Badge>
  );
}

/** Its own credential, and the number of further ones. */
function secrets({ credentials, ...own }: ProviderView): string {
  if (credentials.length === 0) return secretWords(own);
  return `${secretWords(own)}, and ${plural(credentials.length, "more credential")}`;
}
