"use client";

import { Badge, Button, Skeleton, Stack } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { BrakeView } from "@/lib/console/brakes/brakes";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import { api } from "../../_ui/data/api";
import { useIsOfAll } from "../../_ui/data/live";
import { count, duration } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { Term } from "../../_ui/words/term";
import { BrakeDialog, type BrakeDraft } from "../brake-dialog";
import { Drill } from "./drill";
import { Lift } from "./lift";

const EVERY_MS = 1000;

/** Current and past brakes: by whom, why, for how long. */
export function BrakesPage({ canSet, canLift }: { canSet: boolean; canLift: boolean }) {
  const [draft, setDraft] = useState<BrakeDraft | null>(null);
  // A drill is of the whole installation.
  const isOfAll = useIsOfAll();
  const [lifted, setLifted] = useState<BrakeView | null>(null);
  const brakes = useQuery({
    queryKey: ["brakes"],
    queryFn: () => api<{ brakes: BrakeView[] }>("brakes"),
    refetchInterval: EVERY_MS,
  });
  const all = brakes.data?.brakes;
  return (
    <Stack gap="md">
      <PageHead
        title="Brakes"
        about={
          <>
            <Term of="brake">Brakes</Term> stop calls by scope. They apply to the next call on every process, and lift
            automatically when they expire.
          </>
        }
      >
        {canSet && isOfAll && <Drill />}
        {canSet && (
          <Button
            color="red.9"
            leftSection={<IconHandStop size={18} />}
            onClick={() => setDraft({ scope: "everything", name: "" })}
          >
            Stop calls…
          </Button>
        )}
      </PageHead>
      <Failed what="The brakes could not be loaded" error={brakes.error} />
      {all === undefined && brakes.error === null && <Skeleton h={180} radius="md" />}
      {all !== undefined && (
        <>
          <ActiveBrakes brakes={all.filter((brake) => brake.active)} {...(canLift ? { onLift: setLifted } : {})} />
          <EarlierBrakes brakes={all.filter((brake) => !brake.active)} />
        </>
      )}
      {draft !== null && <BrakeDialog draft={draft} onClose={() => setDraft(null)} />}
      {lifted !== null && <Lift brake={lifted} onClose={() => setLifted(null)} />}
    </Stack>
  );
}

type ActiveOf = { readonly brakes: readonly BrakeView[]; readonly onLift?: (brake: BrakeView) => void };

function ActiveBrakes({ brakes, onLift }: ActiveOf) {
  return (
    <Listing
      title="On now"
      head={["What", "How", "Why", "By", "Refused", "Ends", "Actions"]}
      texts={[1, 2, 3, 5]}
      empty="No active brakes."
      rows={brakes.map((brake) => ({
        id: brake.id,
        cells: [
          scopeWords(brake.scope, brake.names),
          <Mode key="mode" mode={brake.mode} />,
          brake.reason,
          brake.createdBy,
          effectWords(brake),
          brake.expiresAt === null ? "when it is lifted" : <Moment key="until" at={brake.expiresAt} />,
          onLift === undefined ? (
            "–"
          ) : (
            <Button
              key="lift"
              variant="default"
              size="compact-sm"
              onClick={() => onLift(brake)}
              aria-label={`Lift… ${brake.id}`}
            >
              Lift…
            </Button>
          ),
        ],
      }))}
    />
  );
}

function EarlierBrakes({ brakes }: { brakes: readonly BrakeView[] }) {
  return (
    <Listing
      title="Earlier"
      note="newest first"
      head={["What", "How", "Why", "By", "Began", "Lasted", "Refused", "Ended"]}
      texts={[1, 2, 3, 4, 5, 7]}
      empty="No brakes yet. Try one on a test tenant before you need it."
      rows={brakes.map((brake) => ({
        id: brake.id,
        cells: [
          scopeWords(brake.scope, brake.names),
          <Mode key="mode" mode={brake.mode} isOver />,
          brake.reason,
          brake.createdBy,
          <Moment key="from" at={brake.createdAt} />,
          lastedFor(brake),
          effectWords(brake),
          endWords(brake),
        ],
      }))}
    />
  );
}

/** Strong only while it is on: the table of past ones is no alarm. */
function Mode({ mode, isOver = false }: { mode: string; isOver?: boolean }) {
  const colour = { block: "red.9", drain: "red.9", cut: "red.9", degrade: "grape.8" }[mode] ?? "blue.8";
  return (
    <Badge color={isOver ? "gray" : colour} variant={isOver ? "outline" : "filled"} tt="none" miw="max-content">
      {mode}
    </Badge>
  );
}

function lastedFor(brake: BrakeView): string {
  const end = brake.liftedAt ?? brake.expiresAt;
  return end === null ? "–" : duration((Date.parse(end) - Date.parse(brake.createdAt)) / 1000);
}

function effectWords({ mode, refused, observed }: BrakeView): string {
  return mode === "observe" ? `${count(observed)} would be` : count(refused);
}

function endWords({ liftedAt, liftedBy, liftReason }: BrakeView): string {
  if (liftedAt === null) return "expired";
  return `by ${liftedBy}${liftReason === null ? "" : `: ${liftReason}`}`;
}
