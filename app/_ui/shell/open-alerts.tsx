"use client";

import { Badge, Button, Tooltip } from "@mantine/core";
import Link from "next/link";
import { useLive } from "../data/live";
import { plural } from "../figures/format";

/** The number of open alerts and requests for more, beside the menu's Alerts; hidden when 0. */
export function OpenAlertsBadge() {
  const { open, critical, words } = useOpenAlerts();
  if (open === 0) return null;
  return (
    <Badge color={critical > 0 ? "red.9" : "orange.9"} size="sm" circle={open < 10} aria-label={words}>
      {open > 99 ? "99+" : open}
    </Badge>
  );
}

/** The same in the header, for phones without a menu. It stands beside the bell and needs none of its own. */
export function OpenAlertsLink() {
  const { open, critical, words } = useOpenAlerts();
  if (open === 0) return null;
  return (
    <Tooltip label={words}>
      <Button
        component={Link}
        href="/alerts"
        size="sm"
        px={8}
        color={critical > 0 ? "red.9" : "orange.9"}
        aria-label={words}
        hiddenFrom="sm"
      >
        {open > 99 ? "99+" : open}
      </Button>
    </Tooltip>
  );
}

function useOpenAlerts() {
  const { open = 0, critical = 0, wishes = 0 } = useLive().data?.openAlerts ?? {};
  const asked = wishes > 0 ? `, ${plural(wishes, "request")} for more` : "";
  const words = `${plural(open, "open alert")}${critical > 0 ? `, ${critical} critical` : ""}${asked}`;
  return { open: open + wishes, critical, words };
}
