"use client";

import { Anchor, Card, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import Link from "next/link";
import type { Overview } from "@/lib/console/overview/overview";
import { findingsOf } from "@/lib/console/overview/verdict.shared";
import { Moment } from "../_ui/figures/moment";
import { useIsOld } from "../_ui/notices/empty";
import { NextStep } from "../_ui/words/next-step";

/** Whether something needs attention: what, since when, and where to look. */
export function Verdict({ seen }: { seen: Overview }) {
  const findings = findingsOf(seen);
  const isCritical = findings.some(({ level }) => level === "critical");
  // Figures that are not the newest are no all-clear.
  const isOld = useIsOld();
  const isCalm = findings.length === 0;
  const color = isCalm ? (isOld ? "gray" : "teal") : isCritical ? "red" : "orange";
  const Icon = isCalm && !isOld ? IconCircleCheck : IconAlertTriangle;
  return (
    <Card px="md" py="xs" component="section" aria-label="Verdict">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <Icon
          size={20}
          color={`var(--mantine-color-${color}-text)`}
          style={{ flexShrink: 0, marginTop: 1 }}
          aria-hidden
        />
        {isOld && isCalm ? (
          <Text size="sm">Not known: the figures are old. Nothing needed attention when they came.</Text>
        ) : seen.tenantsTotal === 0 && isCalm ? (
          <Text size="sm">
            <NextStep says="Nothing can call yet." href="/setup" page="Get started: five steps to your first call" />
          </Text>
        ) : isCalm ? (
          <Text size="sm">
            No active brakes, no open alerts, and no tenant with more than 20 % of its calls refused.
          </Text>
        ) : (
          <Group gap="md" style={{ rowGap: 2 }}>
            {findings.map(({ text, since, href }) => (
              <Text key={href} size="sm" style={{ overflowWrap: "anywhere" }}>
                <Anchor component={Link} href={href} size="sm" fw={600} underline="always">
                  {text}
                </Anchor>
                {since !== null && (
                  <Text span size="sm" c="dimmed">
                    {" "}
                    since <Moment at={since} form="minute" />
                  </Text>
                )}
              </Text>
            ))}
          </Group>
        )}
      </Group>
    </Card>
  );
}
