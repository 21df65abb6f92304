"use client";

import { Button, Skeleton, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { TierVersion, TierVersions } from "@/lib/console/tiers/tier-versions";
import { api } from "../../../_ui/data/api";
import { count, duration } from "../../../_ui/figures/format";
import { Listing } from "../../../_ui/figures/listing";
import { Moment } from "../../../_ui/figures/moment";
import { Failed } from "../../../_ui/shell/page-head";

/** Published versions with predicted and actual refusals; any of them can be loaded as a draft. */
export function Versions({
  slug,
  current,
  canEdit,
  onLoad,
  onNewest,
}: {
  slug: string;
  current: number;
  canEdit: boolean;
  onLoad: (version: TierVersion) => void;
  /** called with the newest version at each read of the list: another process may have published it */
  onNewest: (version: number) => void;
}) {
  const path = `tiers/${encodeURIComponent(slug)}/versions`;
  const seen = useQuery({
    queryKey: ["tiers", slug, "versions", current],
    queryFn: () => api<TierVersions>(path),
    refetchInterval: 5000,
  });
  const newest = seen.data?.versions[0]?.version;
  useEffect(() => {
    if (newest !== undefined) onNewest(newest);
  }, [newest, onNewest]);
  if (seen.data === undefined) {
    return seen.error === null ? (
      <Skeleton h={120} />
    ) : (
      <Failed what="The versions could not be loaded" error={seen.error} />
    );
  }
  const waiting = seen.data.schedules.filter((one) => one.status !== "published");
  return (
    <Listing
      title="Versions"
      note="newest first; predicted = replay of one day, actual = first day in force"
      head={["Version", "Published", "Refused, predicted", "Refused, actual", "Actions"]}
      texts={[1]}
      empty={`No changes published yet. Version ${current} came with the installation.`}
      rows={[
        ...waiting.map((one) => ({
          id: one.id,
          cells: [
            STATES[one.status] ?? one.status,
            <Made key="made" at={one.publishAt} by={one.by} comment={one.comment} />,
            "–",
            one.outcome ?? "–",
            canEdit && one.status === "waiting" ? <Withdraw key="withdraw" slug={slug} id={one.id} /> : "–",
          ],
        })),
        ...seen.data.versions.map((version) => ({
          id: String(version.version),
          cells: [
            version.version === current ? `${version.version}, in force` : version.version,
            version.at === null || version.by === null ? (
              "before the first publication"
            ) : (
              <Made key="made" at={version.at} by={version.by} comment={version.comment} />
            ),
            shareWords(servedOf(version.predicted)),
            <Came key="came" version={version} isCurrent={version.version === current} />,
            canEdit && version.version !== current ? (
              <Button
                key="back"
                size="compact-sm"
                variant="default"
                onClick={() => onLoad(version)}
                aria-label={`Restore version ${version.version}…`}
              >
                Restore…
              </Button>
            ) : (
              "–"
            ),
          ],
        })),
      ]}
    />
  );
}

const STATES: Readonly<Record<string, string>> = {
  waiting: "scheduled",
  failed: "not published",
  withdrawn: "cancelled",
};

function Made({ at, by, comment }: { at: string; by: string; comment: string | null }) {
  return (
    <div>
      <Moment at={at} form="short" /> by {by}
      {comment !== null && (
        <Text size="sm" c="dimmed">
          {comment}
        </Text>
      )}
    </div>
  );
}

function Came({ version, isCurrent }: { version: TierVersion; isCurrent: boolean }) {
  return (
    <div>
      {shareWords(version.came)}
      {version.came !== null && version.came.hours < 24 && (
        <Text size="xs" c="dimmed">
          {isCurrent ? "so far, " : "until the next, "}
          {duration(version.came.hours * 3600)}
        </Text>
      )}
    </div>
  );
}

function Withdraw({ slug, id }: { slug: string; id: string }) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => api(`tiers/${encodeURIComponent(slug)}/schedules/${id}`, { method: "DELETE", body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["tiers", slug] }),
    onError: (error) => notifications.show({ color: "red", title: "Not withdrawn", message: error.message }),
  });
  return (
    <Button size="compact-sm" variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
      Withdraw
    </Button>
  );
}

/** The replay's calls include the refused ones; the actual figures count both separately. */
function servedOf(predicted: TierVersion["predicted"]): TierVersion["came"] {
  return predicted && { ...predicted, calls: predicted.calls - predicted.refused };
}

function shareWords(outcome: TierVersion["came"]): string {
  if (outcome === null) return "not known";
  const asked = outcome.calls + outcome.refused;
  const share = asked === 0 ? 0 : (outcome.refused / asked) * 100;
  return `${count(outcome.refused)} (${share.toFixed(1)} %)`;
}
