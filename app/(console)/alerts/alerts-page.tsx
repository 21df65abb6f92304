"use client";

import { Badge, Button, Card, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ChannelView, RuleView } from "@/lib/console/alerts/alerts";
import { api } from "../../_ui/data/api";
import { Listing } from "../../_ui/figures/listing";
import { Moment, useMomentWords } from "../../_ui/figures/moment";
import { FormDialog } from "../../_ui/forms/dialog";
import { Act } from "../../_ui/forms/inputs";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { MuteRule } from "./mute-rule";
import { NewChannel } from "./new-channel";
import { NewRule } from "./new-rule";
import { watchWords } from "./watch-words";

const EVERY_MS = 2000;

type AlertLine = {
  id: string;
  rule: string;
  title: string;
  severity: string;
  startedAt: string;
  endedAt: string | null;
};
type Delivery = {
  seq: number;
  channel: string;
  status: string;
  attempts: number;
  lastError: string | null;
  createdAt: string;
  message: { rule?: string; kind?: string };
};
type Doing =
  | { readonly what: "rule" | "channel" }
  | { readonly what: "mute" | "remove-rule"; readonly rule: RuleView }
  | { readonly what: "remove-channel"; readonly channel: ChannelView };

/** Alert rules, open and closed alerts, channels, and messages. */
export function AlertsPage({ canEdit, canMute }: { canEdit: boolean; canMute: boolean }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const momentWords = useMomentWords();
  const every = { refetchInterval: EVERY_MS };
  const rules = useQuery({
    queryKey: ["alert-rules"],
    queryFn: () => api<{ rules: RuleView[] }>("alert-rules"),
    ...every,
  });
  const channels = useQuery({
    queryKey: ["alert-channels"],
    queryFn: () => api<{ channels: ChannelView[] }>("alert-channels"),
  });
  const found = useQuery({
    queryKey: ["alerts"],
    queryFn: () => api<{ alerts: AlertLine[] }>("alerts?limit=30"),
    ...every,
  });
  const sent = useQuery({
    queryKey: ["alert-deliveries"],
    queryFn: () => api<{ deliveries: Delivery[] }>("alert-deliveries?limit=30"),
    ...every,
  });
  const close = () => setDoing(null);
  const open = found.data?.alerts.filter((one) => one.endedAt === null) ?? [];
  return (
    <Stack gap="md">
      <PageHead title="Alerts" about="Alert rules, the alerts that they opened, and the messages that were sent.">
        {canEdit && (
          <>
            <Button
              variant="default"
              leftSection={<IconPlus size={16} />}
              onClick={() => setDoing({ what: "channel" })}
            >
              New channel
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={() => setDoing({ what: "rule" })}>
              New rule
            </Button>
          </>
        )}
      </PageHead>
      <Failed what="The alerts could not be loaded" error={rules.error ?? found.error} />
      <Card component="section" aria-label="Open alerts">
        <Title order={2} fz="md" mb="xs">
          Open alerts
        </Title>
        {found.data === undefined && found.error === null && <Skeleton h={40} />}
        {found.data !== undefined && open.length === 0 && <Text size="sm">No open alerts.</Text>}
        <Stack gap="xs">
          {open.map((one) => (
            <Group key={one.id} gap="sm" wrap="nowrap" align="flex-start">
              <Severity name={one.severity} />
              <div style={{ minWidth: 0 }}>
                <Text size="sm" fw={550} style={{ overflowWrap: "anywhere" }}>
                  {one.title}
                </Text>
                <Text size="xs" c="dimmed">
                  {one.rule} · since <Moment at={one.startedAt} />
                </Text>
              </div>
            </Group>
          ))}
        </Stack>
      </Card>
      <Listing
        title="Rules"
        head={["Rule", "Finds", "Tells", "State", "Actions"]}
        texts={[1, 2, 3]}
        empty="No rules yet. Create a channel, then a rule that notifies it."
        rows={(rules.data?.rules ?? []).map((rule) => ({
          id: rule.id,
          cells: [
            rule.name,
            rule.brake === null
              ? watchWords(rule.watch)
              : `${watchWords(rule.watch)}; sets a brake (${rule.brake.mode}) for ${rule.brake.minutes} min`,
            rule.channels.map((id) => channels.data?.channels.find((one) => one.id === id)?.name ?? "?").join(", ") ||
              "nobody",
            rule.muted !== null ? `muted until ${momentWords(rule.muted.until)}` : rule.enabled ? rule.severity : "off",
            <Group key="actions" gap={4} justify="flex-end" wrap="nowrap">
              {canMute && (
                <Act
                  label={rule.muted === null ? "Mute…" : "Muted…"}
                  of={rule.name}
                  onClick={() => setDoing({ what: "mute", rule })}
                />
              )}
              {canEdit && (
                <Act label="Remove…" of={rule.name} onClick={() => setDoing({ what: "remove-rule", rule })} />
              )}
            </Group>,
          ],
        }))}
      />
      <Listing
        title="Channels"
        head={["Channel", "Kind", "Leads to", "Actions"]}
        texts={[1, 2]}
        empty="No channels yet. Add a webhook, Slack, mail or PagerDuty."
        rows={(channels.data?.channels ?? []).map((channel) => ({
          id: channel.id,
          cells: [
            channel.name,
            channel.kind,
            channel.leadsTo,
            <Group key="actions" gap={4} justify="flex-end" wrap="nowrap">
              {canMute && <TestButton channel={channel} />}
              {canEdit && (
                <Act label="Remove…" of={channel.name} onClick={() => setDoing({ what: "remove-channel", channel })} />
              )}
            </Group>,
          ],
        }))}
      />
      <Listing
        title="Messages"
        note="newest first; failed messages are sent again for hours, with the same id"
        head={["When", "Rule", "Channel", "Status", "Tries"]}
        texts={[1, 2, 3]}
        empty="No messages yet."
        rows={(sent.data?.deliveries ?? []).map((one) => ({
          id: String(one.seq),
          cells: [
            <Moment key="at" at={one.createdAt} />,
            `${one.message.rule ?? ""}${one.message.kind === "over" ? " (over)" : ""}`,
            one.channel,
            one.lastError === null ? one.status : `${one.status}: ${one.lastError}`,
            one.attempts,
          ],
        }))}
      />
      <Listing
        title="Recent alerts"
        head={["What", "Rule", "Began", "Ended"]}
        texts={[1, 2, 3]}
        empty="No alerts yet."
        rows={(found.data?.alerts ?? []).map((one) => ({
          id: one.id,
          cells: [
            one.title,
            one.rule,
            <Moment key="from" at={one.startedAt} />,
            one.endedAt === null ? "still so" : <Moment key="to" at={one.endedAt} />,
          ],
        }))}
      />
      {doing?.what === "rule" && <NewRule channels={channels.data?.channels ?? []} onClose={close} />}
      {doing?.what === "channel" && <NewChannel onClose={close} />}
      {doing?.what === "mute" && <MuteRule rule={doing.rule} onClose={close} />}
      {doing?.what === "remove-rule" && (
        <Remove what={`rule ${doing.rule.name}`} path={`alert-rules/${doing.rule.id}`} onClose={close} />
      )}
      {doing?.what === "remove-channel" && (
        <Remove what={`channel ${doing.channel.name}`} path={`alert-channels/${doing.channel.id}`} onClose={close} />
      )}
    </Stack>
  );
}

function Severity({ name }: { name: string }) {
  const colour = { critical: "red.9", warning: "orange.9", info: "blue.8" }[name] ?? "gray.7";
  return (
    <Badge color={colour} tt="none" style={{ flexShrink: 0 }}>
      {name}
    </Badge>
  );
}

function TestButton({ channel }: { channel: ChannelView }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Act label="Test…" of={channel.name} onClick={() => setIsOpen(true)} />
      {isOpen && (
        <FormDialog
          title={`Test ${channel.name}`}
          label="Send it"
          done="Sent to the outbox. The messages below show its status."
          submit={() => api(`alert-channels/${channel.id}/test`, { method: "POST", body: {} })}
          onClose={() => setIsOpen(false)}
        >
          <Text size="sm">One message goes to {channel.leadsTo}.</Text>
        </FormDialog>
      )}
    </>
  );
}

function Remove({ what, path, onClose }: { what: string; path: string; onClose: () => void }) {
  return (
    <FormDialog
      title={`Remove ${what}`}
      label="Remove it"
      colour="red.9"
      done={`The ${what} is removed.`}
      submit={() => api(path, { method: "DELETE", body: {} })}
      onClose={onClose}
    >
      <Text size="sm">This also removes its history. The audit log keeps a record.</Text>
    </FormDialog>
  );
}
