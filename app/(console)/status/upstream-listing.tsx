"use client";

import { Badge, Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { PlaceView, RoomView, UpstreamView } from "@/lib/console/providers/answers";
import { api } from "../../_ui/data/api";
import { count } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { FormDialog } from "../../_ui/forms/dialog";
import { Failed } from "../../_ui/shell/page-head";

const EVERY_MS = 2000;
const REASON_CHARS_MAX = 500;

/** Each provider's models: whether calls are sent there, why not, when it is tried again, and how full its room is. */
export function UpstreamListing({ canChange }: { canChange: boolean }) {
  const seen = useQuery({
    queryKey: ["upstream"],
    queryFn: () => api<UpstreamView>("upstream"),
    refetchInterval: EVERY_MS,
  });
  const [asked, setAsked] = useState<Service | null>(null);
  const rows = (seen.data?.providers ?? []).flatMap(rowsOf);
  return (
    <>
      <Failed what="Provider states" error={seen.error} />
      <Listing
        title="Provider headroom"
        note="by our own count; what a class may fill is below it"
        head={["Provider", "Credential", "Model", "State", "Why", "Next probe", "Room used", "Fallbacks", ""]}
        texts={[1, 2, 3, 4, 5, 6, 7, 8]}
        empty="There are no models."
        rows={rows.map(({ provider, credential, takenOutReason, model, state }) => ({
          id: `${provider}/${credential?.name ?? ""}/${model.slug}`,
          cells: [
            provider,
            credential === null ? "its own" : `${credential.name} (${credential.weight})`,
            model.slug,
            <State key="state" place={state} />,
            takenOutReason ?? whyOf(state),
            state.nextProbeAt === null ? "–" : <Moment key="probe" at={state.nextProbeAt} form="short" />,
            roomWords(model.rooms),
            model.fallbacks.length === 0 ? "–" : model.fallbacks.join(", "),
            canChange && (
              <Button
                key="change"
                size="compact-sm"
                variant="default"
                onClick={() => setAsked({ slug: provider, credential, inService: state.state !== "open" })}
              >
                {state.state === "open" ? "Take out" : "Put back"}
              </Button>
            ),
          ],
        }))}
      />
      {asked !== null && <ServiceDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}

type Seen = UpstreamView["providers"][number];
type Credential = Seen["credentials"][number];
type Service = {
  readonly slug: string;
  readonly credential: Pick<Credential, "name"> | null;
  readonly inService: boolean;
};

/** One row for each model by each credential; the provider's own comes first. */
function rowsOf(provider: Seen) {
  return [null, ...provider.credentials].flatMap((credential) => {
    const { state, models, takenOutReason } = credential ?? provider;
    const whole = provider.takenOutReason ?? takenOutReason;
    const common = { provider: provider.slug, credential, takenOutReason: whole };
    return models.map((model) => ({ ...common, model, state: worse(state, model.state) }));
  });
}

/** The narrower of what holds for a provider and for its model. */
function worse(provider: PlaceView, model: PlaceView): PlaceView {
  return provider.state === "open" ? model : provider;
}

function State({ place }: { place: PlaceView }) {
  const words = { open: "in service", cooling: "cooling down", probing: "being tried", taken_out: "taken out" };
  const colours = { open: "teal.9", cooling: "yellow.9", probing: "yellow.9", taken_out: "gray.7" };
  return (
    <Badge tt="none" color={colours[place.state]}>
      {words[place.state]}
    </Badge>
  );
}

function whyOf({ detail, limitedInARow }: PlaceView): string {
  if (detail === null) return "–";
  return limitedInARow > 1 ? `${detail} (${count(limitedInARow)} in a row)` : detail;
}

function roomWords(rooms: readonly RoomView[]): string {
  if (rooms.length === 0) return "unknown";
  return rooms
    .map(({ dimension, used, capacity, windowSeconds, known }) => {
      const per = windowSeconds === 60 ? "min" : "day";
      return `${count(used)} of ${count(capacity)} ${dimension.replace("_", " ")}/${per}${known === "fresh" ? "" : ` (${known})`}`;
    })
    .join(", ");
}

function ServiceDialog({ slug, credential, inService, onClose }: Service & { onClose: () => void }) {
  const [reason, setReason] = useState("");
  const name = credential === null ? slug : `${slug}'s credential ${credential.name}`;
  const only = credential === null ? {} : { credential: credential.name };
  return (
    <FormDialog
      title={inService ? `Put ${name} back` : `Take ${name} out`}
      label={inService ? "Put back" : "Take out"}
      done={inService ? `${name} is in service.` : `${name} is out of service.`}
      isReady={reason.trim() !== ""}
      submit={() => api(`upstream/${slug}`, { method: "PUT", body: { inService, reason, ...only } })}
      onClose={onClose}
    >
      <TextInput
        label="Reason"
        description={
          inService
            ? "Ends its cool-downs, for the next call."
            : "Its calls are served by other credentials or fallbacks, or refused."
        }
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={REASON_CHARS_MAX}
        required
      />
    </FormDialog>
  );
}
