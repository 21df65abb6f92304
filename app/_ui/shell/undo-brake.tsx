"use client";

import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { api } from "../data/api";
import { Propagation } from "./propagation";

const SHOWN_MS = 15_000;

/** Shows that a brake is on and how many processes enforce it, and offers to undo it for a while. */
export function tellSet(brake: BrakeState, refresh: () => Promise<void>): void {
  tell({
    id: `set-${brake.id}`,
    title: "Stopped",
    color: "red",
    undo: async () => {
      await api(`brakes/${brake.id}`, { method: "DELETE", body: { reason: "taken back" } });
      await refresh();
    },
  });
}

/** Shows that a brake is lifted, and offers to set it again for its remaining time. */
export function tellLifted(brake: BrakeState, refresh: () => Promise<void>): void {
  const leftMs = brake.expiresAt === null ? null : Date.parse(brake.expiresAt) - Date.now();
  const { scope, mode, reason, publicMessage } = brake;
  const expiresInSeconds = leftMs === null ? null : Math.max(1, Math.round(leftMs / 1000));
  const body = { scope, mode, reason, expiresInSeconds, ...(publicMessage === null ? {} : { publicMessage }) };
  tell({
    id: `lifted-${brake.id}`,
    title: "Lifted",
    color: "teal",
    undo: async () => {
      await api("brakes", { method: "POST", body });
      await refresh();
    },
  });
}

function tell({ id, title, color, undo }: { id: string; title: string; color: string; undo: () => Promise<void> }) {
  const take = async () => {
    notifications.hide(id);
    await undo().catch((error: unknown) =>
      notifications.show({ color: "red", title: "Not undone", message: error instanceof Error ? error.message : "" }),
    );
  };
  const message = (
    <Group justify="space-between" gap="xs">
      <Propagation />
      <Button size="compact-sm" variant="default" onClick={() => void take()}>
        Undo
      </Button>
    </Group>
  );
  notifications.show({ id, color, title, message, autoClose: SHOWN_MS });
}
