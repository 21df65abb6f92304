"use client";

import { Button, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PlaceView, RoomView, UpstreamView } from "@/lib/console/providers/answers";
import type { ProviderHealth } from "@/lib/console/providers/provider-health";
import { api } from "../../_ui/data/api";
import { count } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Failed } from "../../_ui/shell/page-head";
import { NextStep } from "../../_ui/words/next-step";
import { Term } from "../../_ui/words/term";
import { narrowerState, PlaceState } from "../providers/place-state";
import { type Service, ServiceDialog } from "../providers/service-dialog";

const EVERY_MS = 2000;
const SHARES_EVERY_MS = 10_000;

/**
 * Each provider's models by credential: whether they get calls, why not, when it is tried again, how full the room is,
 * and the share of calls that met a 429.
 */
export function Headroom({ canChange }: { canChange: boolean }) {
  const seen = useQuery({
    queryKey: ["upstream"],
    queryFn: () => api<UpstreamView>("upstream"),
    refetchInterval: EVERY_MS,
  });
  const health = useQuery({
    queryKey: ["provider-health"],
    queryFn: () => api<ProviderHealth>("providers"),
    refetchInterval: SHARES_EVERY_MS,
  });
  const [asked, setAsked] = useState<Service | null>(null);
  const rows = (seen.data?.providers ?? []).flatMap(rowsOf);
  const minutes = health.data?.minutes ?? 0;
  const nameOf = (provider: string) => health.data?.providers.find(({ slug }) => slug === provider)?.name ?? provider;
  return (
    <>
      <Failed what="The state of the providers could not be loaded" error={seen.error ?? health.error} />
      {seen.data !== undefined && (
        <Listing
          title="Provider headroom"
          heading={<Term of="headroom">Provider headroom</Term>}
          note={`usage by Spillway's own count, with each class's ceiling below; 429s in the last ${minutes} minutes`}
          head={["Provider", "Model", "State", "Why", "Next probe", "Room used", "429s", "Fallbacks", ""]}
          texts={[1, 2, 3, 4, 5, 7, 8]}
          empty={<NextStep says="No models yet. Create one:" href="/catalog" page="Models" />}
          rows={rows.map(({ provider, credential, takenOutReason, model, state }) => ({
            id: `${provider}/${credential?.name ?? ""}/${model.slug}`,
            cells: [
              <Whose key="whose" name={nameOf(provider)} credential={credential} />,
              model.slug,
              <PlaceState key="state" state={state.state} />,
              takenOutReason ?? whyOf(state),
              state.nextProbeAt === null ? "–" : <Moment key="probe" at={state.nextProbeAt} form="short" />,
              <Rooms key="rooms" rooms={model.rooms} />,
              shareOf(health.data, { provider, credential: credential?.name ?? null, model: model.slug }),
              model.fallbacks.length === 0 ? "–" : model.fallbacks.join(", "),
              canChange && (
                <Button
                  key="change"
                  size="compact-sm"
                  variant="default"
                  aria-label={`${state.state === "open" ? "Take out" : "Put back"} ${credential?.name ?? provider}`}
                  onClick={() =>
                    setAsked({
                      slug: provider,
                      credential: credential?.name ?? null,
                      inService: state.state !== "open",
                    })
                  }
                >
                  {state.state === "open" ? "Take out" : "Put back"}
                </Button>
              ),
            ],
          }))}
        />
      )}
      {asked !== null && <ServiceDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}

type Seen = UpstreamView["providers"][number];
type Credential = Seen["credentials"][number];

/** One row for each model by each credential; the provider's own comes first. */
function rowsOf(provider: Seen) {
  return [null, ...provider.credentials].flatMap((credential) => {
    const { state, models, takenOutReason } = credential ?? provider;
    const whole = provider.takenOutReason ?? takenOutReason;
    const common = { provider: provider.slug, credential, takenOutReason: whole };
    return models.map((model) => ({ ...common, model, state: narrowerState(state, model.state) }));
  });
}

function Whose({ name, credential }: { name: string; credential: Credential | null }) {
  return (
    <span>
      {name}
      {credential !== null && (
        <Text size="xs" c="dimmed">
          credential {credential.name}, share {count(credential.weight)}
        </Text>
      )}
    </span>
  );
}

function whyOf({ detail, limitedInARow }: PlaceView): string {
  if (detail === null) return "–";
  return limitedInARow > 1 ? `${detail} (${count(limitedInARow)} in a row)` : detail;
}

const MINUTE_SECONDS = 60;
const NEARLY_FULL = 0.8;

function Rooms({ rooms }: { rooms: readonly RoomView[] }) {
  if (rooms.length === 0) return <>no figure</>;
  return (
    <Stack gap={4} miw={150}>
      {rooms.map(({ dimension, used, capacity, windowSeconds, known }) => {
        const per = windowSeconds === MINUTE_SECONDS ? "min" : "day";
        const what = `${count(used)} of ${count(capacity)} ${dimension.replaceAll("_", " ")}/${per}`;
        const share = capacity === 0 ? 1 : used / capacity;
        return (
          <div key={`${dimension} ${per}`}>
            <Text size="sm">
              {known === "fresh" ? what : `${what} (${known === "aged" ? "old figure" : "unknown"})`}
            </Text>
            <Progress
              value={share * 100}
              size={4}
              color={share < NEARLY_FULL ? "river" : "orange.9"}
              aria-label={what}
            />
          </div>
        );
      })}
    </Stack>
  );
}

/** The share of sent calls that met a 429. */
function shareOf(
  health: ProviderHealth | undefined,
  of: { provider: string; credential: string | null; model: string },
): string {
  const found = health?.credentials.find(
    ({ provider, credential, model }) => provider === of.provider && credential === of.credential && model === of.model,
  );
  return found === undefined ? "–" : `${((found.limited / found.calls) * 100).toFixed(1)} % of ${count(found.calls)}`;
}
