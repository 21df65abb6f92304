"use client";

import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { OverrideView } from "@/lib/console/limits/overrides";
import { api } from "../data/api";
import { tellUndo } from "../shell/undo";
import { overrideAgain } from "./removed-override";

/** Removes an override, and offers to set it again for its remaining time. */
export function useRemoveOverride() {
  const queries = useQueryClient();
  const again = async (removed: OverrideView) => {
    const body = overrideAgain(removed, Date.now());
    if (body === null) throw new Error("The override has ended meanwhile.");
    await api("overrides", { method: "POST", body });
    await queries.invalidateQueries();
  };
  return useMutation({
    mutationFn: ({ id }: OverrideView) =>
      api(`overrides/${id}`, { method: "DELETE", body: { reason: "removed from the list" } }),
    onSuccess: async (_answer, removed) => {
      const message = `${removed.limit} of ${removed.tenant}: the tier's own limit applies to the next call.`;
      tellUndo({ id: removed.id, title: "Override removed", message, undo: () => again(removed) });
      await queries.invalidateQueries();
    },
    onError: (error) => notifications.show({ color: "red", title: "Not removed", message: error.message }),
  });
}
