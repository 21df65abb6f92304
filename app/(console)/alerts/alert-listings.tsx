import { Anchor, Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import Link from "next/link";
import { Fragment } from "react";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Empty } from "../../_ui/notices/empty";
import { alertPlaces } from "./open/alert-places";

export type AlertLine = {
  id: string;
  rule: string;
  title: string;
  detail: Readonly<Record<string, unknown>>;
  severity: string;
  startedAt: string;
  endedAt: string | null;
};
export type Delivery = {
  seq: number;
  channel: string;
  status: string;
  attempts: number;
  lastError: string | null;
  createdAt: string;
  message: { rule?: string; kind?: string };
};

/** Alerts that have not ended; `null` without an answer. */
export function OpenAlerts({ open }: { open: readonly AlertLine[] | null }) {
  return (
    <Card component="section" aria-label="Open alerts">
      <Title order={2} fz="md" mb="xs">
        Open alerts
      </Title>
      {open?.length === 0 && <Empty>No open alerts.</Empty>}
      <Stack gap="xs">
        {open
          ?.toSorted((one, other) => rankOf(one) - rankOf(other))
          .map((one) => (
            <Group key={one.id} gap="sm" wrap="nowrap" align="flex-start">
              <Severity name={one.severity} />
              <div style={{ minWidth: 0 }}>
                <Text size="sm" fw={550} style={{ overflowWrap: "anywhere" }}>
                  {one.title}
                </Text>
                <Text size="xs" c="dimmed">
                  {one.rule} · since <Moment at={one.startedAt} />
                  {alertPlaces(one.detail).map(({ label, href }) => (
                    <Fragment key={href}>
                      {" · "}
                      <Anchor component={Link} href={href} size="xs" underline="always">
                        {label}
                      </Anchor>
                    </Fragment>
                  ))}
                </Text>
              </div>
            </Group>
          ))}
      </Stack>
    </Card>
  );
}

/** The newest messages, with the state of each delivery. */
export function Messages({ sent }: { sent: readonly Delivery[] }) {
  return (
    <Listing
      title="Messages"
      note="newest first; failed messages are retried for hours with the same id"
      head={["When", "Rule", "Channel", "Status", "Tries"]}
      texts={[1, 2, 3]}
      empty="No messages yet."
      rows={sent.map((one) => ({
        id: String(one.seq),
        cells: [
          <Moment key="at" at={one.createdAt} />,
          `${one.message.rule ?? ""}${one.message.kind === "over" ? " (ended)" : ""}`,
          one.channel,
          one.lastError === null ? one.status : `${one.status}: ${one.lastError}`,
          one.attempts,
        ],
      }))}
    />
  );
}

/** The newest alerts, open and ended. */
export function RecentAlerts({ alerts }: { alerts: readonly AlertLine[] }) {
  return (
    <Listing
      title="Recent alerts"
      head={["What", "Rule", "Began", "Ended"]}
      texts={[1, 2, 3]}
      empty="No alerts yet."
      rows={alerts.map((one) => ({
        id: one.id,
        cells: [
          one.title,
          one.rule,
          <Moment key="from" at={one.startedAt} />,
          one.endedAt === null ? "open" : <Moment key="to" at={one.endedAt} />,
        ],
      }))}
    />
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

const SEVERITIES = ["critical", "warning", "info"];

function rankOf({ severity }: AlertLine): number {
  return SEVERITIES.indexOf(severity);
}
