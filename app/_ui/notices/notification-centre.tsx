"use client";

import { Anchor, Badge, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import Link from "next/link";
import { useEffect, useState } from "react";
import { api } from "../data/api";
import { Moment } from "../figures/moment";
import { Failed } from "../shell/page-head";
import { type NoticeSources, noticesOf } from "./notices";

/**
 * The last look, per browser: what was read here says nothing to other operators, and a viewer may write nothing to the
 * server.
 */
const SEEN_AT = "spillway-notices-seen";

/** Recent alerts, brakes, failed messages and expiring keys, newest first; those since the last look are marked. */
export function NotificationCentre({ onClose }: { onClose: () => void }) {
  const [seenAt] = useState(() => window.localStorage.getItem(SEEN_AT) ?? "");
  const [openedAt] = useState(() => Date.now());
  useEffect(() => window.localStorage.setItem(SEEN_AT, new Date(openedAt).toISOString()), [openedAt]);
  const [alerts, brakes, deliveries, keys] = useQueries({
    queries: [
      read<Pick<NoticeSources, "alerts">>("alerts?limit=30"),
      read<Pick<NoticeSources, "brakes">>("brakes"),
      read<Pick<NoticeSources, "deliveries">>("alert-deliveries?limit=30"),
      read<Pick<NoticeSources, "keys">>("keys?state=expiring&limit=30"),
    ],
  });
  const error = alerts.error ?? brakes.error ?? deliveries.error ?? keys.error;
  const isLoading = [alerts, brakes, deliveries, keys].some((one) => one.isLoading);
  const notices = noticesOf(
    {
      alerts: alerts.data?.alerts ?? [],
      brakes: brakes.data?.brakes ?? [],
      deliveries: deliveries.data?.deliveries ?? [],
      keys: keys.data?.keys ?? [],
    },
    openedAt,
  );
  return (
    <Modal opened onClose={onClose} title="Notifications" closeButtonProps={{ "aria-label": "Close" }}>
      <Failed what="Some notifications could not be loaded" error={error} />
      {isLoading ? (
        <Skeleton h={160} />
      ) : (
        <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {notices.length === 0 && <Text component="li">Nothing happened yet.</Text>}
          {notices.map(({ id, at, text, href }) => (
            <li key={id}>
              <Anchor component={Link} href={href} size="sm" onClick={onClose} style={{ overflowWrap: "anywhere" }}>
                {text}
              </Anchor>
              <Group gap="xs">
                <Text size="xs" c="dimmed">
                  <Moment at={at} form="short" />
                </Text>
                {at > seenAt && (
                  <Badge size="xs" variant="light" tt="none">
                    new
                  </Badge>
                )}
              </Group>
            </li>
          ))}
        </Stack>
      )}
    </Modal>
  );
}

function read<Answer>(path: string) {
  return { queryKey: ["notices", path], queryFn: () => api<Answer>(path) };
}
