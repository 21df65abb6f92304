import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { besideNow } from "@/lib/console/tiers/observed-draft.shared";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { Propagation } from "../../../_ui/shell/propagation";
import type { Predicted } from "./review";
import type { TierEdit } from "./tier-draft";

/** How an edit is published: with the replay's prediction, observed beside the current limits, or directly (`null`). */
export type PublishMode = Predicted | "watched" | null;

/** Publishes or schedules an edit of a tier; `onDone` runs before the page is refreshed. */
export function useTierPublishing(tier: TierView, edit: TierEdit, onDone: () => void) {
  const queries = useQueryClient();
  const path = tierPath(tier.slug);
  const publish = useMutation({
    mutationFn: (how: PublishMode) => api<TierView>(path, { method: "PUT", body: bodyOf(tier, edit, how) }),
    onSuccess: async (published) => {
      onDone();
      queries.setQueryData(["tiers", tier.slug], published);
      await queries.invalidateQueries({ queryKey: ["tiers"] });
      await queries.invalidateQueries({ queryKey: ["instances"] });
      const title = `Version ${published.version} is in force`;
      notifications.show({ color: "teal", title, message: <Propagation /> });
    },
  });
  const schedule = useMutation({
    mutationFn: (publishAt: string) =>
      api(`${path}/schedules`, { method: "POST", body: { publishAt, draft: bodyOf(tier, edit, null) } }),
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: ["tiers", tier.slug] });
      notifications.show({ color: "teal", title: "Scheduled", message: "It is listed below until then." });
    },
  });
  return { publish, schedule };
}

export function tierPath(slug: string): string {
  return `tiers/${encodeURIComponent(slug)}`;
}

function bodyOf({ slug, version, limits, ladder }: TierView, edit: TierEdit, how: PublishMode): object {
  const comment = edit.comment === "" ? {} : { comment: edit.comment };
  if (how === "watched") return { slug, version, limits: besideNow(limits, edit.limits), ladder, ...comment };
  const predicted = how === null ? {} : { predicted: how };
  return {
    slug,
    version,
    limits: edit.limits,
    ladder: edit.ladder,
    keyDaysMax: edit.keyDaysMax,
    ...comment,
    ...predicted,
  };
}
