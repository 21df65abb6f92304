"use client";

import { ActionIcon, Badge, Tooltip } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import { api } from "../data/api";

const NotificationCentre = dynamic(() => import("./notification-centre").then((part) => part.NotificationCentre), {
  ssr: false,
});

/**
 * The last look, per browser: what was read here says nothing to other operators, and a viewer may write nothing to the
 * server.
 */
const SEEN_AT = "spillway-notices-seen";
const EVERY_MS = 60_000;

/** Opens what happened lately, and counts what happened since the last look. */
export function Bell() {
  const queries = useQueryClient();
  const [lookedFrom, setLookedFrom] = useState<string | null>(null);
  const { data: news = 0 } = useQuery({
    queryKey: ["notices", "new"],
    queryFn: async () => {
      const since = window.localStorage.getItem(SEEN_AT);
      const { notices } = await api<{ notices: readonly unknown[] }>(
        `notices${since === null ? "" : `?since=${since}`}`,
      );
      return notices.length;
    },
    refetchInterval: EVERY_MS,
  });
  const open = () => {
    setLookedFrom(window.localStorage.getItem(SEEN_AT) ?? "");
    window.localStorage.setItem(SEEN_AT, new Date().toISOString());
    // A count that is on its way is of before this look.
    void queries.cancelQueries({ queryKey: ["notices", "new"] });
    queries.setQueryData(["notices", "new"], 0);
  };
  const label = news === 0 ? "Notifications" : `Notifications, ${news} new`;
  return (
    <>
      <span style={{ position: "relative", display: "inline-flex" }}>
        <Tooltip label={label}>
          <ActionIcon variant="default" size="lg" aria-label={label} onClick={open}>
            <IconBell size={18} />
          </ActionIcon>
        </Tooltip>
        {/* Over the button: it takes no room, so nothing moves when it comes. */}
        {news > 0 && (
          <Badge size="xs" circle={news < 10} color="red.9" className="over" aria-hidden data-testid="news">
            {news}
          </Badge>
        )}
      </span>
      {lookedFrom !== null && <NotificationCentre seenAt={lookedFrom} onClose={() => setLookedFrom(null)} />}
    </>
  );
}
