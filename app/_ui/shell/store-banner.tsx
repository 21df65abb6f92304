"use client";

import { Alert, Anchor, Text } from "@mantine/core";
import { IconDatabaseOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { SettingsView } from "@/lib/console/overview/settings";
import { api } from "../data/api";
import { useLive } from "../data/live";
import { plural } from "../figures/format";
import { Moment } from "../figures/moment";
import { FAILURE_MODE_WORDS } from "../limits/failure-mode";

/** On every page while a process cannot reach the shared store: since when, and how limits behave meanwhile. */
export function StoreBanner() {
  const live = useLive().data?.instances;
  const isAway = live !== undefined && live.storeAway > 0;
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => api<SettingsView>("settings"),
    enabled: isAway,
  });
  if (!isAway) return null;
  return (
    <Alert color="orange" icon={<IconDatabaseOff aria-hidden />} role="alert" title="The shared store is away">
      <Text size="sm">
        {live.storeAway} of {plural(live.alive, "process", "processes")} cannot reach it
        {live.storeAwayAt !== null && (
          <>
            {" "}
            since <Moment at={live.storeAwayAt} form="time" />
          </>
        )}
        .{" "}
        {settings.data?.failureModes.map(({ mode, limits }) => (
          <span key={mode}>
            {plural(limits, "limit")} ({mode}): {FAILURE_MODE_WORDS[mode] ?? mode}.{" "}
          </span>
        ))}
        <Anchor component={Link} href="/status" size="sm" underline="always">
          Status
        </Anchor>
      </Text>
    </Alert>
  );
}
