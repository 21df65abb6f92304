"use client";

import type { BrakeState } from "@/lib/console/brakes/brake-view";
import { api } from "../data/api";
import { Propagation } from "./propagation";
import { tellUndo } from "./undo";

/** Shows that a brake is on and how many processes enforce it, and offers to undo it for a while. */
export function tellSet(brake: BrakeState, refresh: () => Promise<void>): void {
  tellUndo({
    message: <Propagation />,
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
  tellUndo({
    message: <Propagation />,
    id: `lifted-${brake.id}`,
    title: "Lifted",
    color: "teal",
    undo: async () => {
      await api("brakes", { method: "POST", body });
      await refresh();
    },
  });
}
