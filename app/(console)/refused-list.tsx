"use client";

import { Anchor, Card, Group, Progress, Stack, Text } from "@mantine/core";
import Link from "next/link";
import type { Overview } from "@/lib/console/overview/overview";
import { DIMENSION_WORDS, inSentence, LAYER_WORDS, plural } from "../_ui/figures/format";
import { Empty } from "../_ui/notices/empty";

const ROWS_MAX = 6;

/** Refusals by layer, most frequent first. */
export function RefusedList({ refused }: { refused: Overview["refused"] }) {
  const most = Math.max(1, ...refused.map((row) => row.lastHour));
  const rest = refused.slice(ROWS_MAX).reduce((sum, row) => sum + row.lastHour, 0);
  return (
    // It grows with its rows. A card that may shrink would cut them off.
    <Card component="section" aria-label="Refused by layer" flex="1 0 auto">
      <Text fw={600} mb="sm">
        Refused by layer, last hour
      </Text>
      {refused.length === 0 && <Empty>No refusals.</Empty>}
      <Stack gap="sm">
        {refused.slice(0, ROWS_MAX).map((row) => (
          <div key={`${row.layer}|${row.dimension}|${row.code}`}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="sm" truncate>
                {words(row)}
              </Text>
              <Text size="sm" fw={600} className="figure">
                {plural(row.lastHour, "call")}
              </Text>
            </Group>
            <Progress
              value={(row.lastHour / most) * 100}
              size="sm"
              color={row.code === "kill_switch_active" ? "red.7" : "yellow.6"}
              mt={4}
              aria-label={words(row)}
            />
          </div>
        ))}
        {rest > 0 && (
          <Anchor component={Link} href="/requests/log?kind=refused" size="sm" underline="always">
            {plural(rest, "call")} by others
          </Anchor>
        )}
      </Stack>
    </Card>
  );
}

function words(row: Overview["refused"][number]): string {
  if (row.code === "kill_switch_active") return "Stopped by a brake";
  const layer = LAYER_WORDS[row.layer] ?? "Other";
  const dimension = inSentence(DIMENSION_WORDS[row.dimension] ?? row.code);
  return row.code === "request_exceeds_limit"
    ? `${layer} · ${dimension}, larger than the limit`
    : `${layer} · ${dimension}`;
}
