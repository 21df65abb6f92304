"use client";

import { Anchor, Badge, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { Notice } from "@/lib/console/notices/notice-list";
import { api } from "../data/api";
import { Moment } from "../figures/moment";
import { Failed } from "../shell/page-head";

/** Recent alerts, brakes, failed messages and expiring keys, newest first; those since the last look are marked. */
export function NotificationCentre({ seenAt, onClose }: { seenAt: string; onClose: () => void }) {
  const { data, error } = useQuery({
    queryKey: ["notices"],
    queryFn: () => api<{ notices: readonly Notice[] }>("notices"),
  });
  const notices = data?.notices ?? [];
  return (
    <Modal opened onClose={onClose} title="Notifications" closeButtonProps={{ "aria-label": "Close" }}>
      <Failed what="Some notifications could not be loaded" error={error} />
      {data === undefined && error === null ? (
        <Skeleton h={160} />
      ) : (
        <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {notices.length === 0 && error === null && <Text component="li">Nothing happened yet.</Text>}
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
