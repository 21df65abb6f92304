"use client";

import { Anchor, Card, Group, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import Link from "next/link";
import type { MoversView } from "@/lib/console/overview/movers/movers";
import { MEASURES, type Measure } from "@/lib/console/overview/movers/top-movers.shared";
import { changeWords } from "../../_ui/figures/change-words";
import { Empty } from "../../_ui/notices/empty";
import { Failed } from "../../_ui/shell/page-head";
import { logOf, MEASURE_WORDS, measured } from "./mover-words";

const HEIGHT = 141;

/**
 * Calls, tokens, spend and refusals of the last hour, compared with the same hour of the day before: of all tenants, and
 * of those that differ most.
 */
export function MoversCard({ seen, error }: { seen: MoversView | undefined; error: Error | null }) {
  return (
    <Card component="section" aria-label="Top movers" mih={HEIGHT}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Text fw={600}>Top movers</Text>
        <Text size="xs" c="dimmed">
          last hour compared with the same hour yesterday; first the sum of all tenants
        </Text>
      </Group>
      <Failed what="The movers could not be loaded" error={error} />
      {seen === undefined && error === null && <Skeleton h={85} />}
      {seen !== undefined && (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xl" verticalSpacing="sm">
          {MEASURES.map((measure) => (
            <OfMeasure key={measure} measure={measure} seen={seen} />
          ))}
        </SimpleGrid>
      )}
    </Card>
  );
}

function OfMeasure({ measure, seen }: { measure: Measure; seen: MoversView }) {
  const movers = seen.movers[measure];
  const [now, before] = [seen.totals.now[measure], seen.totals.before[measure]];
  const hasBefore = before > 0;
  const words = measured(measure, [now, ...movers.map((mover) => mover.now)]);
  return (
    <Stack gap={5}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" c="dimmed">
          {MEASURE_WORDS[measure]}
        </Text>
        <Text size="sm" fw={600} className="figure" style={{ whiteSpace: "nowrap" }}>
          {words(now)}{" "}
          <Text span size="xs" c="dimmed">
            {now === before ? "same" : changeWords(now, before)}
          </Text>
        </Text>
      </Group>
      {movers.length === 0 && <Empty>No tenant differs.</Empty>}
      {movers.map(({ slug, name, now, before }) => (
        <Group key={slug} justify="space-between" gap="xs" wrap="nowrap">
          <Anchor
            component={Link}
            prefetch={false}
            href={logOf(measure, slug, seen)}
            size="sm"
            truncate
            underline="always"
            miw={0}
          >
            {name}
          </Anchor>
          <Text size="sm" className="figure" style={{ whiteSpace: "nowrap" }}>
            {words(now)}{" "}
            <Text span size="xs" c="dimmed">
              {/* Said once above, when there was nothing at all. */}
              {hasBefore && changeWords(now, before)}
            </Text>
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
