"use client";

import { Button, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ChannelView, RuleView } from "@/lib/console/alerts/alerts";
import type { WishView } from "@/lib/console/alerts/wishes";
import { api } from "../../_ui/data/api";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { type AlertLine, type Delivery, Messages, OpenAlerts, RecentAlerts } from "./alert-listings";
import { ChannelForm } from "./channel-form";
import { ChannelListing } from "./channel-listing";
import { RuleForm } from "./rule-form";
import { RuleListing } from "./rule-listing";
import { WishListing } from "./wish-listing";

const EVERY_MS = 2000;

/** Alert rules, open and closed alerts, channels, and messages. */
export function AlertsPage({ canEdit, canMute }: { canEdit: boolean; canMute: boolean }) {
  const [isNew, setIsNew] = useState<"rule" | "channel" | null>(null);
  const { rules, channels, open, alerts, deliveries, wishes } = useAlerts();
  const close = () => setIsNew(null);
  const rights = { canEdit, canMute };
  return (
    <Stack gap="md">
      <PageHead title="Alerts" about="Alert rules, the alerts that they opened, and the messages that were sent.">
        {canEdit && (
          <>
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setIsNew("channel")}>
              New channel
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={() => setIsNew("rule")}>
              New rule
            </Button>
          </>
        )}
      </PageHead>
      <Failed
        what="The alerts could not be loaded"
        error={rules.error ?? open.error ?? alerts.error ?? channels.error ?? deliveries.error ?? wishes.error}
      />
      <WhenLoaded height={640}>
        <Stack gap="md">
          {open.error === null && <OpenAlerts open={open.data?.alerts ?? null} />}
          {/* A list that could not be loaded is not shown as an empty one. */}
          <WishListing wishes={wishes.data?.wishes ?? []} canMute={canMute} />
          {rules.data !== undefined && (
            <RuleListing rules={rules.data.rules} channels={channels.data?.channels ?? []} {...rights} />
          )}
          {channels.data !== undefined && <ChannelListing channels={channels.data.channels} {...rights} />}
          {deliveries.data !== undefined && <Messages sent={deliveries.data.deliveries} />}
          {alerts.data !== undefined && <RecentAlerts alerts={alerts.data.alerts} />}
        </Stack>
      </WhenLoaded>
      {isNew === "rule" && <RuleForm rule={null} channels={channels.data?.channels ?? []} onClose={close} />}
      {isNew === "channel" && <ChannelForm of={null} onClose={close} />}
    </Stack>
  );
}

function useAlerts() {
  const every = { refetchInterval: EVERY_MS };
  return {
    rules: useQuery({
      queryKey: ["alert-rules"],
      queryFn: () => api<{ rules: RuleView[] }>("alert-rules"),
      ...every,
    }),
    channels: useQuery({
      queryKey: ["alert-channels"],
      queryFn: () => api<{ channels: ChannelView[] }>("alert-channels"),
    }),
    // Requested separately: a long-open alert would be missing among the newest of all.
    open: useQuery({
      queryKey: ["alerts", "open"],
      queryFn: () => api<{ alerts: AlertLine[] }>("alerts?state=open&limit=500"),
      ...every,
    }),
    alerts: useQuery({
      queryKey: ["alerts", "recent"],
      queryFn: () => api<{ alerts: AlertLine[] }>("alerts?limit=30"),
      ...every,
    }),
    wishes: useQuery({ queryKey: ["wishes"], queryFn: () => api<{ wishes: WishView[] }>("wishes"), ...every }),
    deliveries: useQuery({
      queryKey: ["alert-deliveries"],
      queryFn: () => api<{ deliveries: Delivery[] }>("alert-deliveries?limit=30"),
      ...every,
    }),
  };
}
