"use client";

import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconHandStop } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import { api } from "../data/api";
import { useBrakesOn } from "../data/live";
import { duration } from "../figures/format";
import { tellLifted } from "./undo-brake";

/** One red bar per active brake, on every page: what is stopped, why, by whom, for how long, and the lift button. */
export function BrakeBanner({ canLift }: { canLift: boolean }) {
  const brakes = useBrakesOn();
  if (brakes.length === 0) return null;
  return (
    <Stack gap="xs" role="alert" aria-label="Active brakes">
      {brakes.map((brake) => (
        <BrakeBar key={brake.id} brake={brake} canLift={canLift} />
      ))}
    </Stack>
  );
}

function BrakeBar({ brake, canLift }: { brake: BrakeState; canLift: boolean }) {
  const queries = useQueryClient();
  const lift = useMutation({
    mutationFn: () => api(`brakes/${brake.id}`, { method: "DELETE", body: { reason: "lifted from the banner" } }),
    onSuccess: async () => {
      tellLifted(brake, () => queries.invalidateQueries());
      await queries.invalidateQueries();
    },
    onError: (error) => notifications.show({ color: "red", title: "Not lifted", message: error.message }),
  });
  return (
    <Paper className="alarm" px="md" py="sm" radius="md">
      <Group justify="space-between" gap="sm">
        <Group gap="sm" wrap="nowrap" align="flex-start" flex={1} miw={220}>
          <IconHandStop size={22} style={{ flexShrink: 0 }} aria-hidden />
          <div>
            <Text fw={650} c="inherit">
              {scopeWords(brake.scope, brake.names)} {stateWords(brake)}
              <Remaining until={brake.expiresAt} />
            </Text>
            <Text size="sm" c="inherit">
              {brake.reason} · by {brake.createdBy}
            </Text>
          </div>
        </Group>
        {canLift && (
          <Button
            variant="white"
            color="red.9"
            size="sm"
            loading={lift.isPending}
            onClick={() => lift.mutate()}
            aria-label={`Lift now: ${scopeWords(brake.scope, brake.names)}`}
          >
            Lift now
          </Button>
        )}
      </Group>
    </Paper>
  );
}

function stateWords({ mode, rampFrom }: BrakeState): string {
  if (mode === "observe") return "are observed, not stopped";
  return rampFrom === null ? "are stopped" : "are being admitted again in a growing share,";
}

const TICK_MS = 500;

function Remaining({ until }: { until: string | null }) {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), TICK_MS, { autoInvoke: true });
  if (until === null) return <> until lifted</>;
  return <span className="figure"> for {duration(Math.max(0, (Date.parse(until) - now) / 1000))}</span>;
}
